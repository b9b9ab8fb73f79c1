-- herald.cursor_fault: a cursor ahead of the head is unknown on a primary, but on a standby it may come yet. A stand-in for the
-- server's answer, in this database only; tests/e2e/75-standby has a real one.
SELECT plan(10);
ALTER FUNCTION pg_catalog.current_setting(text) RENAME TO the_real_setting;
CREATE FUNCTION pg_catalog.current_setting(name text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT pg_catalog.the_real_setting(CASE name WHEN 'in_hot_standby' THEN 'test.standby' ELSE name END) $$;
SET test.standby = off;
CREATE TABLE things (id int);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
SELECT herald.tick();
SELECT is(herald.cursor_fault(3), 'unknown', 'ahead of a primary''s head: unknown');
SET test.standby = on;
SELECT is(herald.cursor_fault(3), 'later', 'ahead of a standby''s: later');
SELECT is(herald.cursor_fault(4294967296), 'later', 'also from a history that it may come to');
SELECT is(herald.cursor_fault(2), NULL, 'the head itself is no fault');
SELECT is(herald.cursor_fault(0), NULL, 'nor is the beginning');
SELECT is(herald.cursor_fault(-1), 'unknown', 'a negative one is unknown there too');
SELECT is((SELECT (tick, id, event, bytes)::text FROM herald.replay(3, 0, 99, '{things}', NULL, NULL, NULL, NULL, NULL, 10)), '(3,-1,later,2)', 'a page says it in its first row, and has no other');
SELECT is((SELECT (tick, id, event, bytes)::text FROM herald.replay(2, 9999, 99, '{things}', NULL, NULL, NULL, NULL, NULL, 10)), '(2,-1,,2)', 'and where the log ends here, before the end that is asked for');
SELECT is((SELECT (tick, id, event, bytes)::text FROM herald.replay_many(2, 9999, 99, '[{"topics": ["things"]}]', 10)), '(2,-1,,2)', 'of several streams too');
DELETE FROM herald.ticks WHERE id = 1;
SELECT is(herald.cursor_fault(1), 'expired', 'what is older than what is retained is expired');
SELECT finish();
