-- An installation runs, and has herald.watches and herald.rules. Whoever watches, rules, unwatches, hangs triggers or grants meanwhile waits for it
-- and has nothing that it wants. So the installation goes on at once, and so do they after it.
SELECT plan(15);
CREATE TABLE things (id int PRIMARY KEY);
CREATE TABLE logs (id int, k int) PARTITION BY LIST (k);
CREATE TABLE members (who text) PARTITION BY LIST (who);
CREATE TABLE members_a PARTITION OF members FOR VALUES IN ('a');
CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT herald.watch('things'), herald.watch('logs');
SELECT dblink_connect('installer', test.self()), dblink_connect('admin', test.self());
-- What it wants: the rows of the watches, its functions, and their rights.
SELECT $$DO 'BEGIN PERFORM herald.capture_functions(w), herald.let_partition(w) FROM herald.watches w; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA herald TO CURRENT_USER; END'$$ AS work \gset
CREATE ROLE orderly;

-- during(sql, tables): an administrator's statement begins beside an installation, which then works. Says what became of both, and which of the tables
-- nobody could lock meanwhile.
CREATE FUNCTION during(sql text, work text, tables text DEFAULT 'things, logs, members') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text;
BEGIN
  PERFORM dblink_exec('installer', 'BEGIN; SET LOCAL lock_timeout = ''2s''; LOCK TABLE herald.watches, herald.rules IN SHARE ROW EXCLUSIVE MODE');
  PERFORM dblink_send_query('admin', sql);
  FOR i IN 1..2000 LOOP
    PERFORM pg_stat_clear_snapshot();
    EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE wait_event IN ('relation', 'PgSleep', 'transactionid', 'tuple') AND datname = current_database()) OR dblink_is_busy('admin') = 0;
    PERFORM pg_sleep(0.01);
  END LOOP;
  BEGIN
    PERFORM dblink_exec('installer', work);
    PERFORM dblink_exec('installer', format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE NOWAIT', tables));
    said := 'works';
  EXCEPTION WHEN OTHERS THEN
    said := SQLERRM;
  END;
  PERFORM dblink_exec('installer', 'COMMIT');
  PERFORM FROM dblink_get_result('admin') AS t(x text);
  PERFORM FROM dblink_get_result('admin') AS t(x text);
  RETURN said || ', done';
EXCEPTION WHEN OTHERS THEN
  PERFORM dblink_exec('installer', 'ROLLBACK');
  RETURN said || ', ' || SQLERRM;
END $$;

SELECT is(during($$SELECT herald.watch('things', topic => 'goods')$$, :'work'), 'works, done', 'watch');
SELECT is((SELECT topic FROM herald.watches WHERE target = 'things'::regclass), 'goods', 'has watched');
SELECT is(during($$SELECT herald.rule('things', 'made', 'insert')$$, :'work'), 'works, done', 'rule');
SELECT is(during($$SELECT herald.unrule('things')$$, :'work'), 'works, done', 'unrule');
DROP TRIGGER "!herald_insert" ON logs;
SELECT is(during(herald.unhung(), :'work'), 'works, done', 'the triggers that another installation hangs after its end');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'logs'::regclass AND tgname = '!herald_insert'), 1::bigint, 'are hung');
SELECT is(during($$SELECT herald.stream('/m', '{goods}', authorize => 'public.may', recheck => '{"public.members": "who"}')$$, :'work'), 'works, done', 'a stream with recheck');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'members'::regclass AND tgname ~ '^!gate_recheck'), 2::bigint, 'is made');
SELECT is(during($$SELECT herald.unstream('/m')$$, :'work'), 'works, done', 'and taken away');
SELECT is(during($$SELECT herald.grant_daemon('orderly')$$, :'work'), 'works, done', 'grant_daemon');
SELECT is(has_function_privilege('orderly', 'herald.attach()', 'EXECUTE'), true, 'has granted');
SELECT is(during($$SELECT herald.unwatch('things')$$, :'work'), 'works, done', 'unwatch');
SELECT is((SELECT count(*) FROM herald.watches WHERE target = 'things'::regclass), 0::bigint, 'has ended the watch');
SELECT is(during($$SELECT herald.watch('things')$$, :'work'), 'works, done', 'and the first watch of a table');

-- The other way round: who is first has its turn until it ends, and then reads what an installation replaces.
SELECT dblink_exec('admin', $$BEGIN; DO 'BEGIN PERFORM herald.watch(''things'', topic => ''wares''); END'$$);
SELECT dblink_send_query('admin', $$SELECT pg_sleep(1); SELECT count(*) FROM herald.status; COMMIT$$);
SELECT clock_timestamp() AS began \gset
BEGIN;
SET LOCAL lock_timeout = '1s';
SELECT set_config('herald.lock_timeout_ms', '20000', true);
\ir ../../sql/functions/patience.sql
COMMIT;
SELECT is(clock_timestamp() - :'began'::timestamptz < '18 s', true, 'an installation waits for who watches, and has nothing of what that one reads');
DROP OWNED BY orderly;
DROP ROLE orderly;
SELECT finish();
