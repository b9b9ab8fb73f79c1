-- herald.snapshot refuses what would not be exact, and what is not there.
SELECT plan(5);
CREATE FUNCTION items(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql AS $$ SELECT '1'::jsonb $$;
SELECT herald.stream('/state', '{t}', snapshot => 'public.items');
SELECT herald.stream('/none', '{t}');
SELECT throws_like($$SELECT herald.snapshot('/state', '{}', '{}')$$, 'pgherald: herald.snapshot() needs REPEATABLE READ', 'READ COMMITTED is refused');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT throws_like($$SELECT herald.snapshot('/none', '{}', '{}')$$, 'pgherald: stream /none has no snapshot', 'a stream without a function');
SELECT throws_like($$SELECT herald.snapshot('/nothing', '{}', '{}')$$, 'pgherald: stream /nothing has no snapshot', 'a stream that is not there');
SELECT lives_ok($$SELECT herald.snapshot('/state', '{}', '{}')$$, 'all is well');
COMMIT;

-- A tick that holds nothing, as after a restart of the server, has no place in what is told.
INSERT INTO herald.changes (topic, event, audience, data) VALUES ('t', 'e', '{*}', '1');
SELECT herald.tick() AS tick \gset
INSERT INTO herald.ticks (id, since, snapshot, upto, origin) SELECT id + 1000, snapshot, snapshot, upto, origin FROM herald.ticks WHERE id = :tick;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is((SELECT ARRAY[s.tick, s.told] FROM herald.snapshot('/state', '{}', '{}') s), ARRAY[:tick + 1000, :tick]::bigint[], 'an empty tick is not waited for');
COMMIT;
SELECT finish();
