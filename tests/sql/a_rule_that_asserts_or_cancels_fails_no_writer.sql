-- What PL/pgSQL's WHEN OTHERS does not catch: a failing ASSERT, and query_canceled that a function raises. Neither fails a writer.
-- But a writer whose own statement is cancelled, or has a timeout, is not held up by a rule that is slow.
SELECT plan(10);
CREATE TABLE things (id int PRIMARY KEY, n int);
SELECT herald.watch('things');
CREATE FUNCTION public.checked(n int) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN ASSERT n > 0, 'n must be positive'; RETURN to_jsonb(n); END $$;
CREATE FUNCTION public.cancelled(n int) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'query_canceled', MESSAGE = 'stop'; END $$;
SELECT herald.rule('things', 'checked', 'insert', NULL, 'public.checked(NEW.n)');
SELECT lives_ok('INSERT INTO things VALUES (1, -1)', 'a failing ASSERT fails no writer');
SELECT is((SELECT faults FROM herald.status), '{"things": "n must be positive"}', 'and is told as a fault');
SELECT test.tell();
SELECT is(test.events(), '{bulk}', 'at which clients fetch anew');

SELECT herald.unrule('things'), herald.rule('things', 'cancelled', 'insert', NULL, 'public.cancelled(NEW.n)');
SELECT lives_ok('INSERT INTO things VALUES (2, 1)', 'nor does a rule that raises query_canceled');
SELECT is((SELECT faults FROM herald.status), '{"things": "stop"}', 'which is a fault as well');

CREATE FUNCTION public.remote() RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM public.dblink_connect('far', test.self() || ' options=-cstatement_timeout=50ms');
  RETURN (SELECT to_jsonb(x) FROM public.dblink('far', 'SELECT pg_sleep(60)') AS r(x text));
END $$;
SELECT herald.unrule('things'), herald.rule('things', 'remote', 'insert', NULL, 'public.remote()');
SELECT lives_ok('INSERT INTO things VALUES (5, 1)', 'nor one whose question to another server is cancelled there');
SELECT matches((SELECT faults ->> 'things' FROM herald.status), 'statement timeout', 'another fault');

-- Timeouts do not count for what is asked already, so another session writes.
CREATE FUNCTION public.slow() RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN 'null'; END $$;
SELECT herald.unrule('things'), herald.rule('things', 'slow', 'insert', NULL, 'public.slow()');
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'SET statement_timeout = ''1s''');
SELECT is(dblink_exec('w', 'INSERT INTO things VALUES (3, 1)', false) || ': ' || split_part(dblink_error_message('w'), E'\n', 1), 'ERROR: ERROR:  canceling statement due to statement timeout', 'a statement_timeout ends the writer''s statement');
SELECT dblink_exec('w', 'SET statement_timeout = 0');
SELECT pid AS writer FROM dblink('w', 'SELECT pg_backend_pid()') AS p(pid int) \gset
-- until_sleeps(pid): returns when that one has come to the rule; in other databases others sleep.
CREATE FUNCTION until_sleeps(pid int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 3000 LOOP
    EXIT WHEN EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = until_sleeps.pid AND a.wait_event = 'PgSleep');
    PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
  END LOOP;
END $$;
SELECT dblink_send_query('w', 'INSERT INTO things VALUES (4, 1)');
SELECT until_sleeps(:writer);
SELECT pg_cancel_backend(:writer);
SELECT is((SELECT count(*) FROM dblink_get_result('w', false) AS r(x text)), 0::bigint, 'and so does who cancels it');
SELECT is((SELECT array_agg(id ORDER BY id) FROM things), '{1,2,5}', 'neither has written');
SELECT finish();
