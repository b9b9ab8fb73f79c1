-- herald.capture(w): makes the trigger function of a watched table anew and hangs its triggers.
--   w  its row of herald.watches
-- The function runs with its owner's rights (writers need none on herald) and a fixed search_path: names in a rule's
-- expressions are looked up in pg_catalog only, others must be qualified. The triggers name no column, so that they
-- never stand in the way of ALTER TABLE; *<> compares rows byte by byte and so works for any type.
-- Raises the compiler's error where a rule's expression is wrong. Writes to the catalog only.
CREATE OR REPLACE FUNCTION herald.capture(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  fn text := format('herald.capture_%s', w.id);
BEGIN
  EXECUTE format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
                 'SET search_path = pg_catalog, pg_temp AS %L', fn, herald.capture_source(w));
  EXECUTE format('REVOKE ALL ON FUNCTION %s() FROM PUBLIC', fn);
  EXECUTE format('CREATE OR REPLACE TRIGGER _herald_insert_delete AFTER INSERT OR DELETE ON %s '
                 'FOR EACH ROW EXECUTE FUNCTION %s()', w.target, fn);
  EXECUTE format('CREATE OR REPLACE TRIGGER _herald_update AFTER UPDATE ON %s '
                 'FOR EACH ROW WHEN (OLD.* *<> NEW.*) EXECUTE FUNCTION %s()', w.target, fn);
  EXECUTE format('DROP TRIGGER IF EXISTS _herald_truncate ON %s', w.target);
  EXECUTE format('CREATE TRIGGER _herald_truncate AFTER TRUNCATE ON %s '
                 'FOR EACH STATEMENT EXECUTE FUNCTION %s()', w.target, fn);
END $$;
