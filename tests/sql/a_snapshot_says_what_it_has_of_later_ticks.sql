-- herald.snapshot opens the state and says which tick it stands behind, and which transactions of later ticks it has: those that
-- had begun before that tick and those that came after it, but none that is still open or was rolled back.
SELECT plan(13);
CREATE TABLE things (id int);
SELECT herald.watch('things');
CREATE FUNCTION things_now(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$
  SELECT to_jsonb(concat_ws(' ', t.id, claims ->> 'sub', current_setting('request.jwt.claims')::jsonb ->> 'sub', params ->> 'k'))
    FROM public.things t ORDER BY t.id $$;
SELECT herald.stream('/things', '{things}', snapshot => 'public.things_now');
SELECT dblink_connect(name, test.self()) FROM unnest('{early,late,open,back}'::text[]) name;
CREATE FUNCTION begin_with(session text, id int) RETURNS text LANGUAGE sql AS $$
  SELECT dblink_exec(session, 'BEGIN; INSERT INTO public.things VALUES (' || id || ')') $$;
CREATE FUNCTION rows_of(after bigint, seen xid8[]) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(r.row_now::jsonb ->> 'id') FILTER (WHERE r.id >= 0)
    FROM herald.replay(after, 9223372036854775807, 99, '{things}', NULL, NULL, NULL, NULL, NULL, 100, seen) r $$;

INSERT INTO things VALUES (1);
SELECT begin_with('early', 2), begin_with('open', 3), begin_with('back', 4);
SELECT herald.tick() AS first \gset
SELECT dblink_exec('early', 'COMMIT');
INSERT INTO things VALUES (5);
SELECT dblink_exec('back', 'ROLLBACK');

BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT tick, upto, told, seen FROM herald.snapshot('/things', '{"sub": "ann"}', '{"k": "x"}') \gset
SELECT dblink_exec('open', 'COMMIT');
SELECT dblink_exec('late', 'INSERT INTO public.things VALUES (6)');
FETCH herald_items \gset a_
FETCH herald_items \gset b_
FETCH herald_items \gset c_
MOVE ALL FROM herald_items;
ROLLBACK;
SELECT is(concat_ws(', ', :'a_i', :'b_i', :'c_i'), '"1 ann ann x", "2 ann ann x", "5 ann ann x"', 'the state, with claims, setting and parameters');
SELECT is(:tick, :first, 'it stands behind the last tick');
SELECT is(:upto::bigint, (SELECT t.upto FROM herald.ticks t WHERE t.id = :first), 'at its end');
SELECT is(:told, :first, 'which holds changes');
SELECT is(cardinality(:'seen'::xid8[]), 2, 'and it has two transactions more');
SELECT is(herald.cover(:tick, :'seen'), concat(:first + 1, '-', (SELECT last_value FROM herald.change_id)),
  'a tick is made that has them');
SELECT is((SELECT max(id) FROM herald.ticks), (:first + 1)::bigint, 'one');
SELECT is(rows_of(:tick, :'seen'), '{3,6}', 'what is replayed is what the state has not');
SELECT is(rows_of(:tick, NULL), '{2,3,5,6}', 'without the list all of it is');
SELECT is(herald.cover(:tick, :'seen'), (SELECT t.id || '-' || t.upto FROM herald.ticks t WHERE t.id = :first + 1), 'asked again, it makes none');
SELECT is((SELECT max(id) FROM herald.ticks), (:first + 1)::bigint, 'the tick stays the last one');

-- Within the tick: the cursor is a change of it.
SELECT is((SELECT array_agg(r.row_now::jsonb ->> 'id') FILTER (WHERE r.id >= 0) FROM herald.replay(:tick + 1, 0, 99, '{things}', NULL, NULL, NULL, NULL, NULL, 100, :'seen') r),
  '{3,6}', 'also where a page begins in the midst of the tick');

BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT (herald.snapshot('/things', '{}', '{}')).seen IS NULL AS none \gset
ROLLBACK;
SELECT ok(:'none', 'where nothing has come since the last tick there is no list');
SELECT finish();
