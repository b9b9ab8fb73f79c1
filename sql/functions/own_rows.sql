-- What keeps the log one's own. Rows come into herald.changes and herald.ticks
--   - from the captures and ticks of this database
--   - by a subscription from the database that it follows
--   - from a dump, while the log has not begun here
-- Any other row is of another log.

-- herald.has_begun(): is the last tick of this database?
-- It is not where a dump has just been restored. There may also be no tick.
CREATE OR REPLACE FUNCTION herald.has_begun() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  here text[] := string_to_array(herald.origin(), '/');
  last text := (SELECT t.origin FROM herald.ticks t ORDER BY t.id DESC LIMIT 1);
BEGIN
  RETURN coalesce((string_to_array(last, '/'))[3:4] = here[3:4] AND herald.is_of_here(last), false);
END $$;

-- herald.takes_rows(): may rows be written into the log that are of no transaction of this
-- database? Raises where not.
-- The check of herald.changes.xid calls it for such rows only.
CREATE OR REPLACE FUNCTION herald.takes_rows() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF herald.follows() OR NOT herald.has_begun() THEN
    RETURN true;
  END IF;
  RAISE EXCEPTION 'pgherald: these rows are of another database''s log, and would be told here as news'
    USING ERRCODE = 'check_violation', HINT = 'Leave herald out of the data: pg_dump --exclude-table-data=''herald.*''';
END $$;

-- herald.take_tick(): trigger function of herald.ticks. It does the same for ticks.
CREATE OR REPLACE FUNCTION herald.take_tick() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.origin = (SELECT t.origin FROM herald.ticks t ORDER BY t.id DESC LIMIT 1) OR NEW.origin = herald.origin() OR herald.takes_rows() THEN
    RETURN NEW;
  END IF;
END $$;

-- herald.number_hidden(): numbers the excluded columns of all tables (herald.numbered).
-- Where the numbers differ it makes the trigger functions again.
CREATE OR REPLACE FUNCTION herald.number_hidden() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w herald.watches;
BEGIN
  FOR w IN SELECT n.* FROM herald.watches h JOIN pg_class c ON c.oid = h.target, LATERAL herald.numbered(h) n WHERE h.exclude <> '{}' AND n.hidden <> h.hidden LOOP
    PERFORM herald.make_functions(w);
  END LOOP;
END $$;

-- A log without any tick begins when herald is installed. It came from a dump of the schema alone,
-- or its ticks were taken away.
-- It does not begin by itself. A database that is to follow another one's log makes room for the
-- first tick of that (sql/README.md).
DO $$
BEGIN
  -- that of this very installation
  UPDATE herald.ticks SET origin = herald.origin() WHERE id = 1 AND origin = 'new';
  IF NOT herald.has_begun() THEN
    PERFORM herald.number_hidden();
  END IF;
  IF NOT EXISTS (SELECT FROM herald.ticks) AND NOT herald.follows() THEN
    PERFORM herald.restart(NULL, herald.origin());
  END IF;
END $$;

-- herald.begin_anew(): trigger function of herald.changes, after TRUNCATE. What earlier cursors
-- want is gone.
-- All of the log waits meanwhile, so the earlier ticks stay. Nobody counts them any more, and
-- herald.prune takes them away in steps.
-- It takes no lock of ticks, and waits for nobody who prunes, because they may wait for this very
-- transaction.
-- Where both tables are emptied at once nothing is left to be told.
CREATE OR REPLACE FUNCTION herald.begin_anew() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last herald.ticks;
BEGIN
  SELECT t.* INTO last FROM herald.ticks t ORDER BY t.id DESC LIMIT 1;
  IF last.id IS NOT NULL AND NOT herald.follows() THEN
    last := herald.begin_history(last.id, pg_current_snapshot(), 0, herald.origin());
    UPDATE herald.pruned SET tick = last.id, xid = '0';
  ELSE
    UPDATE herald.pruned SET tick = 0, xid = '0';
  END IF;
  RETURN NULL;
END $$;

-- These are hung once, at the end of the installation, so that writers and ticks wait only for a
-- moment.
-- The check comes after the column has the type. Else the table would be written again.
-- The trigger of ticks also fires for a session that loads with session_replication_role = replica.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_constraint c WHERE c.contypid = 'herald.own_xid'::regtype) THEN
    PERFORM herald.patiently('CREATE TRIGGER written_here BEFORE INSERT ON herald.ticks FOR EACH ROW EXECUTE FUNCTION herald.take_tick();'
      'ALTER TABLE herald.ticks ENABLE ALWAYS TRIGGER written_here;'
      'CREATE TRIGGER begin_anew AFTER TRUNCATE ON herald.changes FOR EACH STATEMENT EXECUTE FUNCTION herald.begin_anew();'
      'ALTER TABLE herald.changes ALTER COLUMN xid TYPE herald.own_xid;'
      'ALTER DOMAIN herald.own_xid ADD CONSTRAINT written_here CHECK (VALUE = pg_current_xact_id() OR herald.takes_rows()) NOT VALID',
      ARRAY['herald.ticks', 'herald.changes']::regclass[]::oid[], least(herald.patience(), '5 s'), '{}', 1000);
  END IF;
END $$;

-- By this the schema of a dump without rows says which migrations it has. begin.sql reads it.
DO $$
BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION herald.applied() RETURNS TABLE (version int, name text) LANGUAGE sql AS %L',
                 (SELECT 'VALUES ' || string_agg(format('(%s, %L::text)', m.version, m.name), ', ' ORDER BY m.version) FROM herald.migrations m));
END $$;
