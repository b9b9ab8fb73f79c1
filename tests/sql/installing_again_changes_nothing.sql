-- install.sql on a database that has it: same tables, same watches, same log; functions are made anew.
SELECT plan(11);
CREATE TABLE things (id int);
SELECT herald.watch('things');
SELECT herald.rule('things', 'made', 'insert');
SELECT herald.stream('/things', '{things}');
INSERT INTO things VALUES (1);
SELECT herald.tick();
CREATE TABLE before AS SELECT (SELECT count(*) FROM herald.migrations) AS migrations, (SELECT jsonb_agg(t) FROM herald.ticks t) AS ticks,
  (SELECT jsonb_agg(c) FROM herald.changes c) AS changes, (SELECT jsonb_agg(s) FROM herald.streams s) AS streams;
DROP FUNCTION herald.unstream(text);
SELECT 'herald_monitor_' || pg_backend_pid() AS monitor \gset
CREATE ROLE :monitor;
-- as an older version made it, with fewer columns
DO $$ BEGIN
  EXECUTE 'CREATE VIEW older AS ' || pg_get_viewdef('herald.status');
  DROP VIEW herald.status;
  CREATE VIEW herald.status AS SELECT head, head_at, oldest, oldest_at, watches, streams, wake, log_bytes, tickers, faults, prepared FROM older;
END $$;
GRANT USAGE ON SCHEMA herald TO :monitor;
GRANT SELECT ON herald.status TO :monitor;
CREATE VIEW of_mine AS SELECT head, faults FROM herald.status;
\ir ../../sql/install.sql
SELECT is((SELECT count(*) FROM herald.migrations), (SELECT migrations FROM before), 'no migration is applied twice');
SELECT is((SELECT jsonb_agg(t) FROM herald.ticks t), (SELECT ticks FROM before), 'the ticks stay');
SELECT is((SELECT jsonb_agg(c) FROM herald.changes c), (SELECT changes FROM before), 'the log stays');
SELECT is((SELECT jsonb_agg(s) FROM herald.streams s), (SELECT streams FROM before), 'the streams stay');
SELECT has_function('herald', 'unstream', '{text}', 'a function that was lost is back');
INSERT INTO things VALUES (2);
SELECT is(test.events(), '{made,made}', 'the watch and its rule go on');
SELECT ok(NOT has_function_privilege('public', 'herald.unstream(text)', 'EXECUTE'), 'and is not for PUBLIC');
SELECT ok(has_table_privilege(:'monitor', 'herald.status', 'SELECT'), 'who may read the status still may');
SET ROLE :monitor;
SELECT isnt((SELECT s::text FROM herald.status s), NULL, 'all of it, and so what it calls');
RESET ROLE;
SELECT is((SELECT s.head FROM of_mine s), (SELECT max(id) FROM herald.ticks), 'a view of it goes on');
SELECT is((SELECT unreadable FROM herald.status), 0::bigint, 'a column that an older version had not is there');
DROP OWNED BY :monitor;
DROP ROLE :monitor;
SELECT finish();
