-- Columns of the log that an upgrade adds at its end.
-- Adding a column takes an exclusive lock on the log for a moment. In its migration that lock would
-- be kept until all else is installed.
-- Functions name the column before it is there. Nobody sees that before the end.
DO $$
DECLARE
  said text := 'Length of its data as text where that is long, else NULL. Beyond 16 MB the data is not kept. Nor is it where this is negative: '
    'it prints far more than it takes.';
BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'herald.changes'::regclass AND a.attname = 'bytes') THEN
    PERFORM herald.patiently('ALTER TABLE herald.changes ADD COLUMN bytes bigint', -- NULL: not long
                             ARRAY['herald.changes'::regclass::oid], least(herald.patience(), '5 s'), '{}', 1000);
  END IF;
  IF (SELECT col_description(a.attrelid, a.attnum) FROM pg_attribute a WHERE a.attrelid = 'herald.changes'::regclass AND a.attname = 'bytes') IS DISTINCT FROM said THEN
    EXECUTE format('COMMENT ON COLUMN herald.changes.bytes IS %L', said);
  END IF;
END $$;
