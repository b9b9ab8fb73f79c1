-- herald.replay: first the cursor itself, then what follows it, in the total order, a page at a time.
SELECT plan(11);
CREATE TABLE things (id int);
SELECT herald.watch('things');
INSERT INTO things SELECT generate_series(1, 3);
SELECT herald.tick();
INSERT INTO things SELECT generate_series(4, 6);
SELECT herald.tick();
-- A page of the whole topic: '<tick>:<row>' of each change, the first row left out.
CREATE FUNCTION page(tick bigint, change bigint, upto bigint, most int) RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(r.tick || ':' || (row_now::jsonb ->> 'id')) FILTER (WHERE id >= 0), '{}')
    FROM herald.replay(tick, change, upto, '{things}', NULL, NULL, NULL, NULL, NULL, most) r $$;
SELECT min(id) AS first FROM herald.changes \gset

SELECT is(page(0, 0, 99, 100), '{2:1,2:2,2:3,3:4,3:5,3:6}', 'from the beginning: all that is retained');
SELECT is(page(1, 0, 99, 4), '{2:1,2:2,2:3,3:4}', 'a page has so many rows');
SELECT is(page(3, :first + 3, 99, 4), '{3:5,3:6}', 'the next goes on behind the last row, in the midst of a tick');
SELECT is(page(2, :first, 99, 1), '{2:2}', 'a page may be one row');
SELECT is(page(1, 0, 2, 100), '{2:1,2:2,2:3}', 'nothing behind the last tick asked for');
SELECT is(page(3, :first + 5, 99, 100), '{}', 'nothing behind the end');
SELECT results_eq('SELECT * FROM herald.replay(2, 0, 99, ''{nothing}'', NULL, NULL, NULL, NULL, NULL, 10)',
  'VALUES (2::bigint, -1::bigint, NULL::text, NULL::text, NULL::text[], NULL::text[], NULL::text, NULL::text, NULL::text, NULL::text, 3::bigint)', 'the first row is the cursor, without a fault, and the last tick that is here');
SELECT is((SELECT tick FROM herald.replay(0, 0, 99, '{nothing}', NULL, NULL, NULL, NULL, NULL, 10)), 1::bigint, 'from the beginning: the oldest tick');
SELECT is((SELECT event FROM herald.replay(77, 0, 99, '{things}', NULL, NULL, NULL, NULL, NULL, 10) WHERE id = -1), 'unknown', 'or why it cannot be continued');
SELECT is((SELECT array_agg(id - :first) FROM herald.replay(1, 0, 99, '{things}', NULL, NULL, NULL, NULL, NULL, 10) WHERE id >= 0),
  '{0,1,2,3,4,5}', 'the rows come in their order by themselves');
SELECT is((SELECT count(*) FROM herald.replay(1, 0, 99, '{things}', NULL, NULL, NULL, NULL, NULL, 2)), 3::bigint, 'the first row does not count for the page');
SELECT finish();
