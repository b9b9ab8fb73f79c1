-- herald.capture(w): makes the trigger functions of a watched table anew and hangs its triggers. Its last fault is forgotten.
--   w  its row of herald.watches
-- The functions run with their owner's rights: writers need none on herald. With rules or virtual columns they have a fixed
-- search_path, for the names in those expressions are looked up in pg_catalog only; without, their text is immune to any
-- (SET costs a writer 5 to 10 us a row). The triggers name no column, so that they never stand in the way of ALTER TABLE. Their names begin
-- with '!' because triggers fire in the order of their names: a later one that writes the row again is told of after this.
-- Raises the compiler's error where a rule's expression is wrong. Writes to the catalog, and to herald.faults last: then no
-- writer of the table is open any more that could wait for that.
CREATE OR REPLACE FUNCTION herald.capture(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  op text;
BEGIN
  FOREACH op IN ARRAY '{insert,update,delete,truncate}'::text[] LOOP
    IF herald.capture_function(w, op) THEN
      EXECUTE format('CREATE OR REPLACE TRIGGER "!herald_%s" AFTER %s ON %s FOR EACH %s EXECUTE FUNCTION %s',
                     op, op, w.target, CASE op WHEN 'truncate' THEN 'STATEMENT' ELSE 'ROW' END, herald.capture_name(w, op));
    ELSE
      EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', herald.capture_name(w, op)); -- takes its trigger along
    END IF;
  END LOOP;
  PERFORM herald.watch_partitions(w);
  DELETE FROM herald.faults f WHERE f.watch = w.id;
END $$;

-- herald.capture_function(w, op): makes the trigger function of one operation anew, which locks no table. Returns false where
-- the operation yields no event and so needs none.
CREATE OR REPLACE FUNCTION herald.capture_function(w herald.watches, op text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source text := herald.capture_source(w, op);
BEGIN
  IF source IS NOT NULL THEN
    EXECUTE format('CREATE OR REPLACE FUNCTION %s RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER %s %s AS %L', herald.capture_name(w, op),
                   CASE WHEN NOT herald.default_events(w) OR EXISTS (SELECT FROM herald.virtual_columns(w)) THEN 'SET search_path = pg_catalog, pg_temp' END,
                   CASE WHEN strpos(source, E'\\') > 0 THEN 'SET standard_conforming_strings = on' END, source); -- a rule's backslash is one in every session
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', herald.capture_name(w, op));
  END IF;
  RETURN source IS NOT NULL;
END $$;

-- herald.capture_name(w, op): that function, as it is called. No other database has one of this name, so a trigger that comes with a
-- dump of a single table finds none there.
CREATE OR REPLACE FUNCTION herald.capture_name(w herald.watches, op text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT format('herald.capture_%s_%s_%s()', w.id, w.tag, op) $$;

-- What is watched already is captured by this version from now on. Tables are locked only where triggers are missing.
DO $$
DECLARE
  w herald.watches;
BEGIN
  FOR w IN SELECT h.* FROM herald.watches h JOIN pg_class c ON c.oid = h.target LOOP
    IF EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = w.target AND t.tgname ~ '^!herald_') THEN
      PERFORM herald.capture_function(w, op) FROM unnest('{insert,update,delete,truncate}'::text[]) op;
    ELSE
      PERFORM herald.capture(w);
    END IF;
  END LOOP;
END $$;
