-- 0006_default.sql: the doorbell is the default of a column. So whatever writes to the log rings,
-- and no trigger spends a step of its own on it.
-- herald.wake() makes the function what the setting says.
CREATE OR REPLACE FUNCTION herald.ring() RETURNS boolean LANGUAGE sql AS 'SELECT false';
ALTER TABLE herald.changes ADD COLUMN rung boolean;
-- apart: rows that are there need none
ALTER TABLE herald.changes ALTER COLUMN rung SET DEFAULT herald.ring();
DROP FUNCTION IF EXISTS herald.row_source(text[], text[], text);
