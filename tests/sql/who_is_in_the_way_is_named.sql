-- herald.obstacles: who waits for a table of herald, and for whom; also while all that herald has is locked.
SELECT plan(7);
CREATE TABLE things (id int);
SELECT herald.watch('things');
SELECT is((SELECT count(*) FROM herald.obstacles()), 0::bigint, 'nobody is in the way');
SELECT dblink_connect('holder', test.self()), dblink_connect('waiter', test.self());
CREATE TABLE test.pids AS SELECT n, (SELECT pid FROM dblink(n, 'SELECT pg_backend_pid()') x (pid int)) FROM unnest('{holder,waiter}'::text[]) n;
SELECT dblink_exec('holder', 'BEGIN; LOCK TABLE herald.changes IN ACCESS EXCLUSIVE MODE');
SELECT dblink_send_query('waiter', 'INSERT INTO things VALUES (1)');
-- it is said when it has waited for two seconds
DO $$ BEGIN
  FOR n IN 1..400 LOOP
    EXIT WHEN EXISTS (SELECT FROM herald.obstacles());
    PERFORM pg_sleep(0.05);
    PERFORM pg_stat_clear_snapshot();
  END LOOP;
END $$;
SELECT is((SELECT array_agg(o.holder) FROM herald.obstacles() o), (SELECT array_agg(pid) FROM test.pids WHERE n = 'holder'), 'the one that holds the lock is named');
SELECT is((SELECT pid FROM herald.obstacles()), (SELECT pid FROM test.pids WHERE n = 'waiter'), 'so is the one that waits');
SELECT is((SELECT waits_for FROM herald.obstacles()), 'table herald.changes', 'and what for');
SET statement_timeout = '30s';
SELECT matches((SELECT waiting[1] FROM herald.status), ' waits for table herald.changes since ', 'operators see it in herald.status');
RESET statement_timeout;
SELECT dblink_exec('holder', 'ROLLBACK');
SELECT * FROM dblink_get_result('waiter') x (done text);
SELECT * FROM dblink_get_result('waiter') x (done text);
SELECT is((SELECT count(*) FROM herald.obstacles()), 0::bigint, 'when the lock is gone nobody is in the way');

-- what a session of the daemon waits for, in a schema of any name
CREATE SCHEMA "Odd one";
CREATE TABLE "Odd one".things (id int);
SELECT dblink_exec('holder', 'BEGIN; LOCK TABLE "Odd one".things IN ACCESS EXCLUSIVE MODE');
SELECT dblink_exec('waiter', 'SET application_name = ''pgherald action''');
SELECT dblink_send_query('waiter', 'INSERT INTO "Odd one".things VALUES (1)');
DO $$ BEGIN
  FOR n IN 1..400 LOOP
    EXIT WHEN EXISTS (SELECT FROM herald.obstacles());
    PERFORM pg_sleep(0.05);
    PERFORM pg_stat_clear_snapshot();
  END LOOP;
END $$;
SELECT is((SELECT waits_for FROM herald.obstacles()), 'table "Odd one".things', 'a name is quoted once');
SELECT dblink_exec('holder', 'ROLLBACK');
SELECT finish();
