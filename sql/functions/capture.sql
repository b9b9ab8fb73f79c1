-- herald.capture(w): makes the trigger function of a watched table anew and hangs its triggers. Its last fault is forgotten.
--   w  its row of herald.watches
-- The function runs with its owner's rights (writers need none on herald) and a fixed search_path: names in a rule's
-- expressions are looked up in pg_catalog only, others must be qualified. The triggers name no column, so that they
-- never stand in the way of ALTER TABLE; *<> compares rows byte by byte and so works for any type.
-- Raises the compiler's error where a rule's expression is wrong. Writes to the catalog, and to herald.faults last: then no
-- writer of the table is open any more that could wait for that.
CREATE OR REPLACE FUNCTION herald.capture(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  fn text := format('herald.capture_%s', w.id);
BEGIN
  PERFORM herald.capture_function(w);
  EXECUTE format('CREATE OR REPLACE TRIGGER _herald_insert_delete AFTER INSERT OR DELETE ON %s '
                 'FOR EACH ROW EXECUTE FUNCTION %s()', w.target, fn);
  EXECUTE format('CREATE OR REPLACE TRIGGER _herald_update AFTER UPDATE ON %s '
                 'FOR EACH ROW WHEN (OLD.* *<> NEW.*) EXECUTE FUNCTION %s()', w.target, fn);
  EXECUTE format('DROP TRIGGER IF EXISTS _herald_truncate ON %s', w.target);
  EXECUTE format('CREATE TRIGGER _herald_truncate AFTER TRUNCATE ON %s '
                 'FOR EACH STATEMENT EXECUTE FUNCTION %s()', w.target, fn);
  DELETE FROM herald.faults f WHERE f.watch = w.id;
END $$;

-- herald.capture_function(w): makes the trigger function alone anew, which locks no table.
CREATE OR REPLACE FUNCTION herald.capture_function(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION herald.capture_%s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
                 'SET search_path = pg_catalog, pg_temp AS %L', w.id, herald.capture_source(w));
  EXECUTE format('REVOKE ALL ON FUNCTION herald.capture_%s() FROM PUBLIC', w.id);
END $$;

-- What is watched already is captured by this version from now on.
DO $$ BEGIN PERFORM herald.capture_function(w) FROM herald.watches w WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = w.target); END $$;
