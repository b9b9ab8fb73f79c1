-- begin.sql: the first step of every installation.
-- It lets one installer in at a time. The lock goes with the transaction.
-- It makes the list of the migrations that have been applied.
-- 1751478881 is 'hera'. It is the first half of every advisory lock key of pgherald.
--
-- PostgreSQL 14 is the oldest server. An older one would take most of the files, and fail later.
-- Events are UTF-8. The server converts from other encodings where it knows how.
-- It has no conversion for MULE_INTERNAL. The bytes of SQL_ASCII have no known meaning.
DO $$
BEGIN
  IF current_setting('server_version_num')::int < 140000 THEN
    RAISE EXCEPTION 'pgherald: needs PostgreSQL 14 or newer; this server is %', current_setting('server_version')
      USING ERRCODE = 'feature_not_supported', HINT = 'Nothing was changed. Upgrade the server, or name a database of another.';
  END IF;
  IF getdatabaseencoding() <> 'UTF8' AND NOT EXISTS (SELECT FROM pg_conversion c WHERE c.condefault
      AND c.conforencoding = pg_char_to_encoding(getdatabaseencoding()) AND c.contoencoding = pg_char_to_encoding('UTF8')) THEN
    RAISE EXCEPTION 'pgherald: events are UTF-8, and what is in a database of encoding % cannot be converted to that', getdatabaseencoding()
      USING ERRCODE = 'feature_not_supported', HINT = 'Nothing was changed. Move to another database: createdb -E UTF8 -T template0.';
  END IF;
  PERFORM pg_advisory_xact_lock(1751478881, 4);
  -- From here on the installer waits for a lock for one second at most, because others queue after
  -- it.
  -- Some locks are tried again (functions/patience.sql). The installer's own lock_timeout says for
  -- how long.
  PERFORM set_config('herald.lock_timeout_ms', s.setting, true), set_config('lock_timeout', '1s', true)
     FROM pg_settings s WHERE s.name = 'lock_timeout';
END $$;

CREATE SCHEMA IF NOT EXISTS herald;

-- Everything in the schema belongs to the owner of the schema, whoever installs.
-- The functions call each other with the owner's rights. grants.sql takes these rights from all
-- others.
-- The owner gets what another role has left here. The rest of the installation runs as the owner.
DO $$
DECLARE
  owner regrole := (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'herald');
  thing record;
BEGIN
  FOR thing IN
    SELECT format('%s %s', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass) AS name, c.relowner::regrole AS role
      FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace AND c.relowner <> owner AND c.relkind IN ('r', 'v', 'S')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND c.relkind = 'S')
    UNION ALL
    SELECT 'ROUTINE ' || p.oid::regprocedure, p.proowner::regrole FROM pg_proc p WHERE p.pronamespace = 'herald'::regnamespace AND p.proowner <> owner
    UNION ALL
    SELECT 'TYPE ' || t.oid::regtype, t.typowner::regrole FROM pg_type t WHERE t.typnamespace = 'herald'::regnamespace AND t.typowner <> owner AND t.typtype IN ('d', 'e')
  LOOP
    BEGIN
      EXECUTE format('ALTER %s OWNER TO %s', thing.name, owner);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE WARNING 'pgherald: % belongs to role %, and the schema herald to role %', thing.name, thing.role, owner
        USING HINT = 'Migrate as a superuser: that gives it to the owner of the schema.';
    END;
  END LOOP;
  IF pg_get_userbyid(owner) <> current_user THEN
    IF NOT pg_has_role(owner, 'USAGE') THEN -- what comes after the transaction needs its rights too
      RAISE insufficient_privilege;
    END IF;
    PERFORM set_config('role', pg_get_userbyid(owner), true);
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE EXCEPTION 'pgherald: the schema herald belongs to role %, and role % may not act as that', owner, current_user
    USING ERRCODE = 'insufficient_privilege', HINT = 'Nothing was changed. Migrate as the owner of the schema, as a member that has its rights (INHERIT), or as a superuser.';
END $$;

CREATE TABLE IF NOT EXISTS herald.migrations (
  version    int PRIMARY KEY,
  name       text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- A publication of all tables includes the tables of herald.
-- A subscriber stands still at the first row of a table that it does not have.
DO $$
DECLARE
  publication name;
BEGIN
  SELECT p.pubname INTO publication FROM pg_publication p WHERE p.puballtables AND to_regclass('herald.changes') IS NULL ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE WARNING 'pgherald: publication ''%'' publishes all tables, herald''s from now on too: subscribers that have no schema herald stand still, and their slots keep all WAL', publication
      USING HINT = 'Migrate there as well, now: their replication goes on by itself, without herald''s rows. Or publish the tables of the application by name.';
  END IF;
END $$;

-- A dump of the schema alone (structure.sql, pg_dump -s) brings the tables without their rows.
-- The function herald.applied() in it says which migrations it has.
-- Nobody knows any more what was watched. So the trigger functions go, and their triggers with
-- them. Where the rows of herald.watches were loaded meanwhile, the end of this makes them again.
DO $$
DECLARE
  fn regprocedure;
BEGIN
  IF to_regclass('herald.changes') IS NULL OR EXISTS (SELECT FROM herald.migrations) THEN
    RETURN;
  ELSIF to_regprocedure('herald.applied()') IS NOT NULL THEN
    INSERT INTO herald.migrations (version, name) SELECT a.version, a.name FROM herald.applied() a;
  ELSIF to_regclass('herald.shapes') IS NOT NULL THEN -- versions before 14 did not say it
    INSERT INTO herald.migrations (version, name)
    SELECT left(n, 4)::int, n FROM unnest('{0001_log,0002_rows,0003_doorbell,0004_history,0005_bulk,0006_default,0007_gate,0008_actions,0009_snapshot,0010_shapes}'::text[]) n;
  ELSE
    RAISE EXCEPTION 'pgherald: the schema herald came from a dump without its rows, and is too old to say which version it is'
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Nothing was changed. DROP SCHEMA herald CASCADE, then migrate again.';
  END IF;
  FOR fn IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'herald'::regnamespace AND p.proname ~ '^capture_' AND p.prorettype = 'trigger'::regtype LOOP
    EXECUTE format('DROP FUNCTION %s CASCADE', fn);
  END LOOP;
  IF to_regclass('herald.watches') IS NULL OR to_regclass('herald.streams') IS NULL THEN
    RETURN; -- The next statement refuses that.
  END IF;
  IF NOT EXISTS (SELECT FROM herald.watches) AND NOT EXISTS (SELECT FROM herald.streams) THEN
    RAISE WARNING 'pgherald: the schema herald came from a dump without its rows: nothing is watched, and there are no streams and actions'
      USING HINT = 'Make them again, by the SQL that made them or from a dump of the data: pg_dump --data-only -t herald.watches -t herald.rules -t herald.streams -t herald.actions, then migrate.';
  END IF;
END $$;

-- A dump may have left out single tables of herald (pg_dump -T). What refers to them is missing too.
-- A migration that makes a table adds it to the list.
DO $$
DECLARE
  missing text := (
    SELECT string_agg('herald.' || t, ', ' ORDER BY v.version, n)
      FROM (VALUES (1, '{changes,ticks,watches,rules,streams}'::text[]), (2, '{settings,faults}'), (5, '{bulks}'), (7, '{revocations,tickets}'), (8, '{actions}'), (10, '{shapes,reshapes}'),
                   (11, '{untold}'), (12, '{unreadable}'), (13, '{extents,survivor,ticking}'), (14, '{pruned}'), (16, '{rechecks}'), (19, '{forwards,undelivered}')) v(version, tables),
           unnest(v.tables) WITH ORDINALITY u(t, n)
     WHERE to_regclass('herald.' || t) IS NULL
       AND (v.version IN (SELECT m.version FROM herald.migrations m) OR (v.version = 1 AND to_regclass('herald.watches') IS NOT NULL AND NOT EXISTS (SELECT FROM herald.migrations))));
BEGIN
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'pgherald: the schema herald came from a dump without %', missing
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Nothing was changed. Dump again, and leave out their rows only: pg_dump --exclude-table-data=herald.changes --exclude-table-data=herald.ticks. Or DROP SCHEMA herald CASCADE, migrate, and watch again.';
  END IF;
END $$;

SET LOCAL check_function_bodies = off; -- functions may name functions that come later
