-- 0002_rows.sql: default events keep the two states of the row as they are. The reader works out
-- what changed, not the writer.
-- There is room for settings, and for rules that failed.
-- The column key is a new one. Earlier events have whole data and no key, so no reader adds
-- anything to them.
ALTER TABLE herald.changes DROP COLUMN key;
ALTER TABLE herald.changes ADD COLUMN key jsonb, ADD COLUMN row_now jsonb, ADD COLUMN row_was jsonb;
-- The log is written and pruned all the time. So it is vacuumed by the number of dead rows,
-- whatever its size, and without pausing.
ALTER TABLE herald.changes SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON COLUMN herald.changes.data IS 'A rule''s data; of a default event its constant members, to which the reader adds key, row, old and changed';

DROP FUNCTION IF EXISTS herald.read(bigint, bigint);
DROP FUNCTION IF EXISTS herald.replay(bigint, bigint, bigint, text[], text[], text[], text[], text[], text[], int);
DROP FUNCTION IF EXISTS herald.diff(jsonb, jsonb);
DROP FUNCTION IF EXISTS herald.names(jsonb);
DROP FUNCTION IF EXISTS herald.ring();

CREATE TABLE herald.settings (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  wake     text NOT NULL DEFAULT 'adaptive' CHECK (wake IN ('adaptive', 'always', 'never'))
);
INSERT INTO herald.settings DEFAULT VALUES;

-- The last fault of each watched table's capture: a rule that cannot be evaluated, a column that is
-- gone.
CREATE TABLE herald.faults (
  watch  int PRIMARY KEY REFERENCES herald.watches (id) ON DELETE CASCADE,
  at     timestamptz NOT NULL,
  reason text NOT NULL
);
