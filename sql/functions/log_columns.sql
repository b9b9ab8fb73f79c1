-- Columns of the log that an upgrade adds at its end.
-- Adding a column takes an exclusive lock on the log for a moment. In its migration that lock would
-- be kept until all else is installed.
-- Functions name the column before it is there. Nobody sees that before the end.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'herald.changes'::regclass AND a.attname = 'bytes') THEN
    PERFORM herald.patiently('ALTER TABLE herald.changes ADD COLUMN bytes bigint', -- NULL: not long
                             ARRAY['herald.changes'::regclass::oid], least(herald.patience(), '5 s'), '{}', 1000);
    COMMENT ON COLUMN herald.changes.bytes IS 'Length of its data as text where that is long, else NULL; beyond 16 MB the data is not kept';
  END IF;
END $$;
