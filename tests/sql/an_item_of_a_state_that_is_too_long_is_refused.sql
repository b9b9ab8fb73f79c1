-- A state's item that is longer than its reader has room for is not sent: the reading fails, with a sentence that says what to do.
SELECT plan(3);
CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql AS $$ SELECT to_jsonb(repeat('x', n)) FROM unnest('{10,100}'::int[]) n $$;
SELECT herald.stream('/state', '{things}', snapshot => 'public.state', anonymous => true);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 1 FROM herald.snapshot('/state', '{}', '{}', 50);
SELECT results_eq('FETCH 1 FROM herald_items', $$VALUES ('"xxxxxxxxxx"')$$, 'a short one is read');
SELECT throws_ok('FETCH 1 FROM herald_items', '54000', 'an item of the state takes 102 bytes of text, and no more than 50 fit: let the function make smaller items, or raise log-size', 'a long one is refused');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 1 FROM herald.snapshot('/state', '{}', '{}');
SELECT results_eq('FETCH ALL FROM herald_items', $$SELECT to_jsonb(repeat('x', n))::text FROM unnest('{10,100}'::int[]) n$$, 'who says no bound takes any');
COMMIT;
SELECT finish();
