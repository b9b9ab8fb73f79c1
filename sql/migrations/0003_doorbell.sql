-- 0003_doorbell.sql: there is a trigger function for each operation, and the doorbell is an
-- expression within it.
-- The former functions go, with their triggers. The installation hangs the new ones
-- (sql/functions/capture.sql). This waits for writers that are open.
DO $$
DECLARE
  watch int;
BEGIN
  FOR watch IN SELECT id FROM herald.watches LOOP
    EXECUTE format('DROP FUNCTION IF EXISTS herald.capture_%s() CASCADE', watch);
  END LOOP;
END $$;
DROP FUNCTION IF EXISTS herald.ring();
DROP FUNCTION IF EXISTS herald.capture_source(herald.watches), herald.capture_function(herald.watches), herald.compute_source(herald.watches, text),
  herald.events_source(herald.watches, text), herald.write_source(herald.watches);
