-- ANALYZE in a transaction that goes on for long has locks on all tables, VACUUM while it works: ticks are made all the same.
SELECT plan(3);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT dblink_connect('upkeep', test.self());
SELECT dblink_exec('upkeep', 'BEGIN; ANALYZE');
INSERT INTO things VALUES (1);
SET statement_timeout = '20s';
SELECT is(herald.tick(), 2::bigint, 'a tick is made');
SELECT is(test.delivered(), '{things.insert}', 'with what was changed');
SELECT lives_ok($$SELECT herald.look_at_shapes(), herald.prune()$$, 'shapes are looked at, old changes pruned');
SELECT finish();
