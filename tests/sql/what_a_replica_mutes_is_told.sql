-- Who writes with session_replication_role = replica, as logical replication does, is seen by triggers that are ENABLE ALWAYS only. What such
-- a transaction mutes, and a partition that it truncates, is told by the next tick.
SELECT plan(9);
CREATE TABLE things (id int PRIMARY KEY);
CREATE TABLE logs (id int, k int) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
SELECT herald.watch('things'), herald.watch('logs');
SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger
 WHERE tgrelid IN ('things'::regclass, 'logs'::regclass, 'logs_1'::regclass) AND tgname ~ 'herald_' \gexec
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'LISTEN herald');
SELECT test.listen();
SET session_replication_role = replica;
BEGIN;
SELECT herald.mute();
INSERT INTO things SELECT generate_series(1, 100);
COMMIT;
SELECT is(test.heard('w'), '{herald:}', 'a muted transaction rings');
TRUNCATE logs_1;
BEGIN;
SELECT herald.mute();
INSERT INTO things VALUES (101);
ROLLBACK;
RESET session_replication_role;
SELECT test.tell();
SELECT is(test.events(), '{bulk,bulk}', 'each table has one bulk event');
SELECT is((SELECT array_agg(data ORDER BY topic) FROM herald.changes),
  ARRAY['{"topic": "logs", "reason": "truncate"}', '{"topic": "things", "reason": "muted"}']::jsonb[], 'which says the topic and the reason');
SELECT is((SELECT array_agg(DISTINCT audience) FROM herald.changes), ARRAY[['*']], 'to everyone on the topic');
SELECT test.tell();
SELECT is(cardinality(test.events()), 2, 'once');
SELECT is((SELECT count(*) FROM herald.bulks), 0::bigint, 'and nothing is left');

-- a transaction that begins so and ends as others do
BEGIN;
SELECT herald.mute();
SET LOCAL session_replication_role = replica;
INSERT INTO things VALUES (102);
SET LOCAL session_replication_role = origin;
INSERT INTO things VALUES (103);
COMMIT;
SELECT test.tell();
SELECT is((test.events())[3:], '{bulk}', 'one that is a replica for a time');
BEGIN;
SELECT herald.mute();
INSERT INTO things VALUES (104);
COMMIT;
SELECT is((test.events())[4:], '{bulk}', 'others are told with their own commit');
SELECT test.tell();
SELECT is((test.events())[5:], '{}', 'and not by ticks as well');
SELECT finish();
