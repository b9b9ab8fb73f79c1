-- One `bulk` is enough for many faults: of a transaction, and of all that end before clients can have fetched anew. It stands
-- behind all that its transactions tell: a client that has fetched anew must not take an event for news that is older.
SELECT plan(14);
CREATE TABLE things (id int PRIMARY KEY, v int);
CREATE TABLE others (id int PRIMARY KEY, v int);
SELECT herald.watch('things'), herald.watch('others');
SELECT herald.rule('things', 'changed', 'any', '1 / NEW.v IS NOT NULL'), herald.rule('others', 'made', 'any', '1 / NEW.v IS NOT NULL');
SELECT dblink_connect('w', test.self());

BEGIN;
INSERT INTO things VALUES (1, 0), (2, 0), (3, 0);
UPDATE things SET v = 1 WHERE id = 1;
UPDATE things SET v = 0 WHERE id = 1;
SELECT is((SELECT count(*) FROM herald.untold), 1::bigint, 'many faults of a transaction are noted once');
COMMIT;
SELECT is(test.events(), '{changed}', 'what can be told is told at once');
SELECT herald.tick(), herald.tick();
SELECT is((test.events())[2:], '{bulk}', 'the ticker tells of the rest');
SELECT is((SELECT data FROM herald.changes WHERE event = 'bulk'), '{"topic": "things", "reason": "fault"}', 'with the topic and the reason');
SELECT herald.tick();
SELECT is((test.delivered())[2:], '{bulk}', 'and the next tick has it');

DO $$ BEGIN FOR n IN 11 .. 60 LOOP INSERT INTO things VALUES (n, 0); COMMIT; INSERT INTO others VALUES (n, 0); COMMIT; END LOOP; END $$;
-- as if it had told just now: the hundred transactions may have taken longer than its five seconds
SELECT set_config('herald.untold_due', (extract(epoch FROM clock_timestamp()) + 5)::text, false), herald.tick(), herald.tick();
SELECT is((test.events())[3:], '{}', 'what fails soon after waits for some seconds');
SELECT test.tell();
SELECT is((SELECT array_agg(topic ORDER BY topic) FROM herald.changes WHERE event = 'bulk' OFFSET 0), '{others,things,things}', 'then fifty transactions are one bulk event a topic');

-- A writer that is still open has its own bulk event after its end.
SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', 'INSERT INTO things VALUES (101, 0)');
INSERT INTO things VALUES (102, 0);
SELECT test.tell();
SELECT is((test.events())[5:], '{bulk}', 'of two writers the one that has ended is told of');
SELECT dblink_exec('w', 'COMMIT');
SELECT test.tell();
SELECT is((test.events())[6:], '{bulk}', 'and the other when it has');

BEGIN;
SAVEPOINT s;
UPDATE things SET v = 0, id = 201 WHERE id = 1;
ROLLBACK TO s;
SELECT is((SELECT count(*) FROM herald.untold), 0::bigint, 'a fault that was taken back does not count');
UPDATE things SET id = 202 WHERE id = 2;
COMMIT;
SELECT is((SELECT count(*) FROM herald.untold), 1::bigint, 'one that was not does');

-- The cost of a fault does not grow with those before it: nothing is written again for each row.
SELECT pg_stat_reset_single_table_counters('herald.faults'::regclass) \gset
INSERT INTO things SELECT n, 0 FROM generate_series(1001, 3000) n;
SELECT is((SELECT count(*) FROM herald.untold), 2::bigint, 'two thousand rows are noted once');
SELECT cmp_ok((SELECT n_tup_upd FROM pg_stat_xact_user_tables WHERE relid = 'herald.faults'::regclass), '<=', 1::bigint, 'and their reason is not kept for each');

-- A clock that is set back by an hour: what could not be told does not wait for that.
SELECT set_config('herald.untold_due', (extract(epoch FROM clock_timestamp()) + 3600)::text, false);
SELECT herald.tell_untold();
SELECT is((SELECT count(*) FROM herald.untold), 0::bigint, 'a clock that was set back silences nothing');
SELECT finish();
