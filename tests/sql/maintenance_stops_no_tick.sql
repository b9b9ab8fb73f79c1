-- ANALYZE in a transaction that goes on for long has locks on all tables, VACUUM while it works: ticks are made all the same. So they
-- are while an administrator has a transaction open: who has nothing to change waits for nobody.
SELECT plan(5);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT dblink_connect('upkeep', test.self());
SELECT dblink_exec('upkeep', 'BEGIN; ANALYZE');
INSERT INTO things VALUES (1);
SET statement_timeout = '20s';
SELECT is(herald.tick(), 2::bigint, 'a tick is made');
SELECT is(test.delivered(), '{things.insert}', 'with what was changed');
SELECT lives_ok($$SELECT test.look(), herald.prune()$$, 'shapes are looked at, old changes pruned');
SELECT dblink_exec('upkeep', 'ROLLBACK');
SELECT dblink_exec('upkeep', 'BEGIN; DO $$ BEGIN PERFORM herald.wake(''never''), herald.rule(''things'', ''made'', ''insert''), herald.stream(''/t'', ''{things}'', anonymous => true); END $$');
SELECT is(herald.wake('adaptive'), false, 'a daemon comes');
SELECT lives_ok($$SELECT herald.attach(), herald.tick(), test.look(), herald.prune()$$, 'and goes on');
SELECT finish();
