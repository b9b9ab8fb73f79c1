-- A role that may connect, and make things of its own, reaches nothing of herald: no table, no function, no trigger function for a
-- table of its own, none of the locks that ticks and pruning stand on. Whatever function herald has: all are tried.
SELECT plan(11);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT herald.rule('things', 'made', 'insert');
SELECT 'herald_stranger_' || pg_backend_pid() AS stranger \gset
CREATE ROLE :stranger;
CREATE SCHEMA own AUTHORIZATION :stranger;
SELECT ok(NOT has_schema_privilege(:'stranger', 'herald', 'USAGE, CREATE'), 'the schema is closed');
SELECT is((SELECT array_agg(p.oid::regprocedure) FROM pg_proc p WHERE p.pronamespace = 'herald'::regnamespace AND has_function_privilege(:'stranger', p.oid, 'EXECUTE')),
  NULL, 'and so is each function by itself');
SELECT is((SELECT array_agg(c.relname) FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace AND c.relkind IN ('r', 'v')
              AND (has_table_privilege(:'stranger', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege(:'stranger', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))), NULL, 'and each table');
SET ROLE :stranger;
SELECT throws_ok('SELECT herald.tick()', '42501', 'permission denied for schema herald', 'it cannot tick');
SELECT throws_ok('SELECT * FROM herald.status', '42501', 'permission denied for schema herald', 'nor look');
CREATE TABLE own.things (id int);
SELECT throws_ok('CREATE TRIGGER t AFTER INSERT ON own.things FOR EACH ROW EXECUTE FUNCTION herald.tell_recheck()', '42501', NULL, 'nor hang one of its trigger functions on a table of its own');
SELECT throws_ok('LOCK TABLE herald.settings IN SHARE UPDATE EXCLUSIVE MODE', '42501', NULL, 'nor take the lock of ticks');
SELECT throws_ok('SELECT FROM herald.ticks FOR UPDATE', '42501', NULL, 'nor that of pruning');
-- Advisory locks are anybody's: all that pgherald uses, and the two that ticks and pruning once stood on.
SELECT pg_advisory_lock(1751478881, n) FROM generate_series(0, 40) n \g /dev/null
RESET ROLE;
SELECT dblink_connect('d', test.self());
SELECT dblink_exec('d', 'SET statement_timeout = 20000');
SELECT dblink_exec('d', 'INSERT INTO things VALUES (1)');
SELECT is((SELECT t FROM dblink('d', 'SELECT herald.tick()') AS r(t bigint)), 2::bigint, 'whoever holds all advisory locks stops neither writers nor ticks');
SELECT dblink_exec('d', 'INSERT INTO things VALUES (2)');
SELECT is((SELECT t FROM dblink('d', 'SELECT herald.tick()') AS r(t bigint)), 3::bigint, 'however often');
SELECT is((SELECT t FROM dblink('d', $$SELECT herald.prune('0 s')$$) AS r(t bigint)), 1::bigint, 'nor pruning');
SELECT dblink_disconnect('d');
SELECT pg_advisory_unlock_all();
DROP OWNED BY :stranger CASCADE;
DROP ROLE :stranger;
SELECT finish();
