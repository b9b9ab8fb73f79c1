-- A dump of the schema alone, restored: all tables are there, and empty. Installing makes of it what a new installation is; rights stay.
SELECT plan(13);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT herald.rule('things', 'made', 'insert');
SELECT 'herald_daemon_' || pg_backend_pid() AS daemon \gset
CREATE ROLE :daemon;
SELECT herald.grant_daemon(:'daemon');
SELECT array_agg(version ORDER BY version) AS applied FROM herald.migrations \gset
CREATE VIEW seen AS SELECT id, topic FROM herald.changes;
CREATE FUNCTION empty() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  t regclass;
BEGIN
  SET LOCAL session_replication_role = replica; -- without the log's own triggers
  FOR t IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace AND c.relkind = 'r' LOOP
    EXECUTE format('DELETE FROM %s', t);
  END LOOP;
END $$;
SELECT empty();
SELECT lives_ok('INSERT INTO things VALUES (1)', 'writers of the restored tables do not fail');
SELECT is((SELECT array_agg(a.version ORDER BY a.version) FROM herald.applied() a), :'applied', 'the schema says what it has');
\ir ../../sql/install.sql
SET client_min_messages = warning;
SELECT is((SELECT array_agg(version ORDER BY version) FROM herald.migrations), :'applied', 'that is noted');
SELECT is((SELECT wake FROM herald.settings), 'adaptive', 'the settings are those of a new installation');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'things'::regclass AND NOT tgisinternal), 0::bigint, 'nothing is watched');
SELECT is((SELECT count(*) FROM pg_proc WHERE pronamespace = 'herald'::regnamespace AND prorettype = 'trigger'::regtype AND proname ~ '^capture_'), 0::bigint, 'and nothing of it is left');
SELECT is(herald.attach(), false, 'a daemon may come');
SELECT is((SELECT count(*) FROM herald.ticks), 1::bigint, 'the log begins');
SELECT herald.watch('things');
INSERT INTO things VALUES (2);
SELECT herald.tick();
SELECT is(test.delivered(0), '{things.insert}', 'what is watched again is told');
SELECT ok(has_table_privilege(:'daemon', 'herald.changes', 'SELECT') AND has_function_privilege(:'daemon', 'herald.tick()', 'EXECUTE'), 'the daemon''s role has its rights');
SELECT is((SELECT count(*) FROM seen), 1::bigint, 'what others made of the log is there');
-- a dump of version 10, which does not say what it has
DROP SCHEMA herald CASCADE;
BEGIN;
\ir ../../sql/begin.sql
\ir ../../sql/migrations/0001_log.sql
\ir ../../sql/migrations/0002_rows.sql
\ir ../../sql/migrations/0003_doorbell.sql
\ir ../../sql/migrations/0004_history.sql
\ir ../../sql/migrations/0005_bulk.sql
\ir ../../sql/migrations/0006_default.sql
\ir ../../sql/migrations/0007_gate.sql
\ir ../../sql/migrations/0008_actions.sql
\ir ../../sql/migrations/0009_snapshot.sql
\ir ../../sql/migrations/0010_shapes.sql
COMMIT;
SELECT empty();
\ir ../../sql/install.sql
SET client_min_messages = warning;
SELECT is((SELECT array_agg(version ORDER BY version) FROM herald.migrations), :'applied', 'one of version 10 is brought to this version');
SELECT empty();
DROP FUNCTION herald.applied();
DROP TABLE herald.shapes;
\set ON_ERROR_STOP off
\ir ../../sql/begin.sql
ROLLBACK;
\set ON_ERROR_STOP on
SELECT is((SELECT count(*) FROM herald.migrations), 0::bigint, 'one of an older version is left as it is');
DROP OWNED BY :daemon;
DROP ROLE :daemon;
SELECT finish();
