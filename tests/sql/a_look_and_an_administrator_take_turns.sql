-- The ticker's look makes trigger functions anew while somebody makes a rule, watches, or unwatches: one after the other, and neither fails.
-- A look waits for nobody: what is being changed just now is not its business.
SELECT plan(7);
CREATE TABLE things (id int PRIMARY KEY, v int);
SELECT herald.watch('things');
SELECT dblink_connect('look', test.self()), dblink_connect('admin', test.self());
SELECT pid AS admin FROM dblink('admin', 'SELECT pg_backend_pid()') AS r(pid int) \gset
-- until_waits(pid): returns when the administrator waits for a lock, whoever else in the cluster does: does it still?
CREATE FUNCTION until_waits(pid int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..2000 LOOP
    EXIT WHEN cardinality(pg_blocking_pids(pid)) > 0 OR dblink_is_busy('admin') = 0;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RETURN dblink_is_busy('admin') = 1;
END $$;
CREATE FUNCTION ended() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM dblink_get_result('admin') AS t(x text);
  PERFORM FROM dblink_get_result('admin') AS t(x text);
  RETURN 'done';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM;
END $$;
CREATE PROCEDURE turn(names text[]) LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('ALTER TABLE %I RENAME TO %I', names[1], names[2]); END $$;

CALL turn('{things,goods}');
SELECT dblink_exec('look', 'BEGIN; DO $$ BEGIN PERFORM test.look(); END $$');
SELECT dblink_send_query('admin', $$SELECT herald.rule('goods', 'changed', 'update')$$);
SELECT ok(until_waits(:admin), 'a rule waits for the look');
SELECT dblink_exec('look', 'COMMIT');
SELECT is(ended(), 'done', 'and is made');
CALL turn('{goods,things}');
SELECT dblink_exec('look', 'BEGIN; DO $$ BEGIN PERFORM test.look(); END $$');
SELECT dblink_send_query('admin', $$SELECT herald.unwatch('things')$$);
SELECT ok(until_waits(:admin), 'so does unwatch');
SELECT dblink_exec('look', 'COMMIT');
SELECT is(ended(), 'done', 'and it is unwatched');

SELECT herald.watch('things');
CALL turn('{things,goods}');
SELECT dblink_exec('admin', 'BEGIN; DO $$ BEGIN PERFORM herald.rule(''goods'', ''made'', ''insert''); END $$');
SELECT dblink_exec('look', 'SET statement_timeout = ''20s''');
SELECT lives_ok($$SELECT dblink_exec('look', 'DO $x$ BEGIN PERFORM test.look(); END $x$')$$, 'a look waits for no rule');
SET lock_timeout = '300ms';
SELECT throws_like($$SELECT herald.rule('goods', 'other', 'insert')$$, 'pgherald: no lock could be had on herald.watches within 00:00:00.3: server process % it is idle in transaction since %', 'another administrator is told who is in the way');
RESET lock_timeout;
SELECT dblink_exec('admin', 'COMMIT');
INSERT INTO goods VALUES (1, 1);
SELECT is((test.events())[cardinality(test.events())], 'made', 'which is made');
SELECT finish();
