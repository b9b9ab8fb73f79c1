-- Columns of the log that writers get at the end of an upgrade: a column costs an exclusive lock on the log for a moment, but in its migration
-- that would be kept until all else is installed. Functions name them before they are there, which nobody sees before the end.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'herald.changes'::regclass AND a.attname = 'bytes') THEN
    PERFORM herald.patiently('ALTER TABLE herald.changes ADD COLUMN bytes bigint', -- NULL: not long
                             ARRAY['herald.changes'::regclass::oid], least(herald.patience(), '5 s'), '{}', 1000);
    COMMENT ON COLUMN herald.changes.bytes IS 'Length of its data as text where that is long, else NULL; beyond 16 MB the data is not kept';
  END IF;
END $$;
