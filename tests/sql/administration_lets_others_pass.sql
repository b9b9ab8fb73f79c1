-- A session that is idle in a transaction has locks on a watched table. Whoever watches, rules, unwatches, makes a stream or takes it away
-- meanwhile waits for it, but nobody else who writes or reads waits for that one.
SELECT plan(26);
CREATE TABLE things (id int PRIMARY KEY, n int);
INSERT INTO things VALUES (1, 1), (2, 1);
CREATE TABLE logs (id int, k int) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
CREATE TABLE later (id int PRIMARY KEY);
SELECT herald.watch('things'), herald.watch('logs');
SELECT dblink_connect('idle', test.self() || ' application_name=forgotten'), dblink_connect('admin', test.self()), dblink_connect('other', test.self());
SELECT dblink_exec('other', 'SET statement_timeout = ''20s''');

-- others(): what another session is answered, while that of the administrator still waits.
CREATE FUNCTION others(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM test.until_waits();
  RETURN dblink_exec('other', sql) || CASE dblink_is_busy('admin') WHEN 1 THEN ' while it waits' ELSE '' END;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM;
END $$;
-- test.until_waits(): returns when the administrator has begun to wait, which a failed attempt or a lock that is not granted shows.
CREATE FUNCTION test.until_waits() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..2000 LOOP
    PERFORM pg_stat_clear_snapshot();
    EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE wait_event IN ('relation', 'PgSleep') AND datname = current_database()) OR dblink_is_busy('admin') = 0;
    PERFORM pg_sleep(0.01);
  END LOOP;
END $$;
CREATE FUNCTION admin(sql text) RETURNS void LANGUAGE sql AS $$ SELECT dblink_send_query('admin', sql) $$;
CREATE FUNCTION ended() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM dblink_get_result('admin') AS t(x text);
  PERFORM FROM dblink_get_result('admin') AS t(x text);
  RETURN 'done';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM;
END $$;

SELECT dblink_exec('idle', 'BEGIN; UPDATE things SET n = 2 WHERE id = 1; LOCK TABLE logs IN ACCESS SHARE MODE; INSERT INTO later VALUES (1)');
SELECT lives_ok($$SET lock_timeout = '20s'; SELECT herald.watch('things', audience => '{n}'), herald.rule('things', 'changed', 'any')$$, 'what is watched can be watched again, and ruled, without a lock');
RESET lock_timeout;
SELECT admin($$SELECT herald.unwatch('things')$$);
SELECT is(others('UPDATE things SET n = 3 WHERE id = 2'), 'UPDATE 1 while it waits', 'unwatch: others write');
SELECT is(others('CREATE TABLE seen AS TABLE things'), 'SELECT 2 while it waits', 'and read');
SELECT is(dblink_exec('idle', 'COMMIT'), 'COMMIT', 'who was in the way ends');
SELECT is(ended(), 'done', 'and it is unwatched');
SELECT dblink_exec('idle', 'BEGIN; UPDATE things SET n = 2 WHERE id = 1; LOCK TABLE logs IN ACCESS SHARE MODE');
SELECT admin($$SELECT herald.watch('things')$$);
SELECT is(others('UPDATE things SET n = 3 WHERE id = 2'), 'UPDATE 1 while it waits', 'watch: others write');
SELECT dblink_exec('idle', 'COMMIT');
SELECT is(ended(), 'done', 'and it is watched');
SELECT dblink_exec('idle', 'BEGIN; LOCK TABLE things IN ACCESS SHARE MODE');
SELECT lives_ok($$SELECT herald.unrule('things'), herald.rule('things', 'made', 'insert')$$, 'the first rule makes triggers useless: they may stay for as long as somebody reads');
SELECT cardinality(test.told()) AS before \gset
INSERT INTO things VALUES (4, 4);
UPDATE things SET n = 5 WHERE id = 4;
SELECT is(test.told(:before), '{"made 4"}', 'and then say nothing');
SELECT dblink_exec('idle', 'COMMIT');
SELECT herald.rule('things', 'made', 'insert');
SELECT is((SELECT array_agg(tgname::text) FROM pg_trigger WHERE tgrelid = 'things'::regclass AND NOT tgisinternal), '{!herald_insert}', 'they go with the next call');

SELECT dblink_exec('idle', 'BEGIN; LOCK TABLE logs IN ACCESS SHARE MODE');
SELECT admin($$SELECT herald.unwatch('logs')$$);
SELECT is(others('INSERT INTO logs VALUES (1, 1)'), 'INSERT 0 1 while it waits', 'partitions: others write');
SELECT dblink_exec('idle', 'COMMIT');
SELECT is(ended(), 'done', 'and it is unwatched');

SELECT dblink_exec('idle', 'BEGIN; DELETE FROM things WHERE id = 4');
SET lock_timeout = '300ms';
SELECT throws_like($$SELECT herald.unwatch('things')$$, 'pgherald: no lock could be had on public.things within 00:00:00.3: server process % (application ''forgotten'', role %) has RowExclusiveLock on public.things; '
  'it is idle in transaction since %, in a transaction since %, its last query: BEGIN; DELETE FROM things WHERE id = 4%', 'it tries as long as lock_timeout says, and then names who is in the way');
SELECT is(current_setting('lock_timeout'), '300ms', 'the setting stays');
SELECT is((SELECT count(*) FROM herald.watches), 1::bigint, 'nothing was changed');
RESET lock_timeout;
SELECT dblink_exec('idle', 'COMMIT');
SELECT lives_ok($$SET lock_timeout = '10s'; SELECT herald.unwatch('things')$$, 'then it works');
RESET lock_timeout;

CREATE FUNCTION may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SELECT dblink_exec('idle', 'BEGIN; INSERT INTO later VALUES (2)');
SELECT admin($$SELECT herald.stream('/s', '{t}', authorize => 'public.may', recheck => '{"public.later": "id"}')$$);
SELECT is(others('INSERT INTO later VALUES (3)'), 'INSERT 0 1 while it waits', 'a stream with recheck: others write');
SELECT dblink_exec('idle', 'COMMIT');
SELECT is(ended(), 'done', 'and it is made');
INSERT INTO later VALUES (4);
SELECT is(test.last(), '{"sub": "4"}', 'its table tells whom to ask again');
SELECT dblink_exec('idle', 'BEGIN; LOCK TABLE later IN ACCESS SHARE MODE');
SELECT admin($$SELECT herald.unstream('/s')$$);
SELECT is(others('CREATE TABLE seen_too AS TABLE later'), 'SELECT 4 while it waits', 'unstream: others read');
SELECT dblink_exec('idle', 'COMMIT');
SELECT is(ended(), 'done', 'and it is taken away');
SET lock_timeout = '300ms';
SELECT dblink_exec('idle', 'BEGIN; INSERT INTO later VALUES (5)');
SELECT throws_like($$SELECT herald.stream('/s', '{t}', authorize => 'public.may', recheck => '{"public.later": "id"}')$$, 'pgherald: no lock could be had on public.later within 00:00:00.3: server process %',
  'for as long as lock_timeout says');
SELECT is((SELECT count(*) FROM herald.streams), 0::bigint, 'nothing was changed');
SELECT dblink_exec('idle', 'COMMIT');

-- who reads what an administrator changes is not in the way; who has written to it before is more likely than who refers to a row
SELECT dblink_connect('reader', test.self() || ' application_name=reader'), dblink_connect('watcher', test.self() || ' application_name=watcher');
RESET lock_timeout;
SELECT herald.watch('things'), herald.rule('things', 'bad', 'insert', NULL, 'to_jsonb(1 / (NEW.n - NEW.n))');
SELECT dblink_exec('reader', 'BEGIN; DO $$ BEGIN PERFORM count(*) FROM herald.watches; END $$');
SELECT dblink_exec('idle', 'BEGIN; INSERT INTO things VALUES (5, 1)');
SELECT dblink_exec('watcher', 'BEGIN; DO $$ BEGIN PERFORM herald.watch(''things''); END $$');
SET lock_timeout = '300ms';
SELECT throws_like($$SELECT herald.rule('things', 'more', 'insert')$$, 'pgherald: no lock could be had on herald.watches within 00:00:00.3: server process % (application ''watcher'', role %) has RowExclusiveLock on herald.watches; it is idle in transaction%',
  'who has the watch is named, not who reads it, nor a writer with a fault');
SELECT dblink_exec('watcher', 'COMMIT'), dblink_exec('idle', 'COMMIT');
SELECT throws_like($$SELECT herald.patiently('ALTER TABLE herald.watches ADD COLUMN x int', ARRAY['herald.watches'::regclass::oid], harmless => '{}')$$, '%(application ''reader'', role %) has AccessShareLock on herald.watches; %',
  'of what readers are in the way of they are named');
SELECT throws_like($$SELECT herald.patiently('DROP TABLE herald.watches CASCADE', ARRAY['herald.watches'::regclass::oid])$$, '%(application ''reader'', role %', 'without being said of what drops');
SELECT dblink_exec('reader', 'COMMIT');
SELECT finish();
