-- The log may be published with updates and deletes, as FOR ALL TABLES does: pruning goes on, and writers do.
SELECT plan(7);
SET client_min_messages = error; -- wal_level is not logical here: nothing is sent, but everything is refused that would be
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT lives_ok('INSERT INTO things VALUES (1), (2)', 'writers write');
SELECT herald.tick();
SELECT lives_ok('SELECT herald.prune(''0 seconds'')', 'prune does not fail for want of a replica identity');
SELECT is((SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'herald.changes'::regclass AND indisreplident),
  'herald.changes_by_xid', 'the one index of the log is its identity');
INSERT INTO things VALUES (3);
SELECT herald.tick();
SELECT is(herald.prune('0 seconds'), 2::bigint, 'and it prunes');
BEGIN;
SELECT herald.mute();
INSERT INTO things VALUES (4);
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'a bulk event is told');
COMMIT;
SELECT herald.stream('/s', '{things}');
SELECT lives_ok($$SELECT herald.rule('things', 'made', 'insert')$$, 'and a changed shape');
SELECT is((SELECT array_agg(event ORDER BY id) FROM herald.changes), '{things.insert,bulk,schema}', 'both are in the log');
SELECT finish();
