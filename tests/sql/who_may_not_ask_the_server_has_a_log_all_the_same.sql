-- Hosting services that let nobody, or not everybody, ask the server who it is, where its log stands and since when it runs; or whose
-- functions fail. The installation works, the daemon's role and the owner agree, and a restore is found out.
SELECT plan(13);
SELECT 'herald_owner_' || pg_backend_pid() AS owner, 'herald_daemon_' || pg_backend_pid() AS daemon \gset
SELECT herald.origin() AS full_origin \gset
CREATE ROLE :owner;
CREATE ROLE :daemon;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec
GRANT CREATE ON SCHEMA public TO :owner;
DROP SCHEMA herald CASCADE;
REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_walfile_name(pg_lsn), pg_postmaster_start_time(), pg_is_in_recovery() FROM PUBLIC;
ALTER FUNCTION pg_catalog.pg_current_wal_insert_lsn() RENAME TO the_real_lsn;
CREATE FUNCTION pg_catalog.pg_current_wal_insert_lsn() RETURNS pg_lsn LANGUAGE plpgsql AS $$ BEGIN RAISE 'wal_level must be set to logical'; END $$;
SET ROLE :owner;
\ir ../../sql/install.sql
SET client_min_messages = error;
SELECT herald.grant_daemon(:'daemon');
SELECT is((SELECT origin FROM herald.ticks), herald.origin(), 'the first tick is of here');
SELECT is(split_part(herald.origin(), '/', 3), split_part(:'full_origin', '/', 3), 'what can be had is in it');
SELECT is(split_part(herald.origin(), '/', 2) || split_part(herald.origin(), '/', 5), '00', 'what cannot is not');
CREATE TABLE public.things (id int);
SELECT herald.watch('public.things');
INSERT INTO public.things VALUES (1);
SET ROLE :daemon;
SELECT is(herald.attach(), false, 'a daemon comes');
SELECT is(herald.tick(), 2::bigint, 'makes ticks');
SELECT is(herald.cursor_fault(2), NULL, 'and finds its cursors good');
RESET ROLE;
SELECT is(herald.cursor_fault(2), NULL, 'as a superuser does, who may ask');
SET ROLE :owner;
SELECT herald.origin() AS origin \gset
VACUUM (FREEZE) herald.migrations;
VACUUM (FULL) herald.migrations;
SELECT is(herald.origin(), :'origin', 'vacuum changes nothing');

-- the dump of it, restored: the same rows, written anew
CREATE TABLE public.kept AS TABLE herald.migrations;
BEGIN;
DELETE FROM herald.migrations;
INSERT INTO herald.migrations SELECT * FROM public.kept;
COMMIT;
SELECT is(herald.cursor_fault(2), 'restored', 'a restore is found out');
INSERT INTO public.things VALUES (2);
SELECT herald.attach();
SELECT ok((SELECT tick FROM herald.head()) > 4294967296, 'ids have jumped');
SELECT is((SELECT count(*) FROM herald.changes), 0::bigint, 'the log is emptied');
INSERT INTO public.things VALUES (3);
SELECT herald.tick();
SELECT is((SELECT array_agg(event) FROM herald.read(3)), '{things.insert}', 'and goes on');
RESET ROLE;
SELECT ok(has_function_privilege(:'daemon', 'herald.origin()', 'EXECUTE'), 'the daemon may ask for the origin');
DROP OWNED BY :owner, :daemon CASCADE;
DROP ROLE :owner, :daemon;
SELECT finish();
