-- 0011_capture.sql: the ticker tells of a change that could not be told, and no more often than
-- clients can fetch again.
-- Trigger functions have names that no other database has.
--
-- What a transaction has changed and its capture could not tell: one row a topic and table.
-- herald.tick() makes one `bulk` of all.
CREATE TABLE herald.untold (
  xid   xid8 NOT NULL DEFAULT pg_current_xact_id(),
  topic text NOT NULL
);
-- so that a publication of all tables does not stand in the way
ALTER TABLE herald.untold REPLICA IDENTITY FULL;
COMMENT ON TABLE herald.untold IS 'Topics with changes that their capture could not tell. The next tick tells `bulk` of them.';
DROP FUNCTION IF EXISTS herald.fault(int, text), herald.routing_settings(herald.watches),
  herald.row_source(herald.watches, text), herald.key_source(regclass, text), herald.key_columns(regclass), herald.key_schema(regclass);

-- A part of the names of its trigger functions. Renaming those that are there locks no table,
-- because triggers know them by their oid.
ALTER TABLE herald.watches ADD COLUMN tag text NOT NULL DEFAULT left(md5(gen_random_uuid()::text), 8);
DO $$
DECLARE
  old record;
BEGIN
  FOR old IN SELECT p.oid::regprocedure AS fn, w.id, w.tag, substring(p.proname FROM '[a-z]+$') AS op
               FROM herald.watches w JOIN pg_proc p ON p.proname ~ ('^capture_' || w.id || '_[a-z]+$')
              WHERE p.pronamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'herald') LOOP
    EXECUTE format('ALTER FUNCTION %s RENAME TO capture_%s_%s_%s', old.fn, old.id, old.tag, old.op);
  END LOOP;
END $$;

-- Numbers of the columns that are excluded by name. So a column that is renamed stays excluded.
-- Before, only the functions had them.
ALTER TABLE herald.watches ADD COLUMN hidden int2[];
UPDATE herald.watches w
   SET hidden = coalesce((SELECT max(substring(p.prosrc FROM 'herald[.]row_without[(][0-9]+, ''([{][0-9,]*[}])'''))::int2[] FROM pg_proc p WHERE p.proname ~ format('^capture_%s_%s_', w.id, w.tag)),
                         ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = w.target AND a.attname = ANY (w.exclude) AND NOT a.attisdropped));
ALTER TABLE herald.watches ALTER COLUMN hidden SET NOT NULL;
