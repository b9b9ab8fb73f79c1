-- 0012_bounds.sql: no reader is stopped by one change.
-- The writer notes how long a change is as text. A reader that has no room for it need not print
-- it.
-- A change that cannot be read is kept by its id, so that every reader passes it by.
-- The column herald.changes.bytes comes last (functions/log_columns.sql), because it needs a lock
-- on the log.

CREATE TABLE herald.unreadable (
  change bigint PRIMARY KEY,
  tick   bigint NOT NULL,
  topic  text   NOT NULL,
  xid    xid8   NOT NULL,
  at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  reason text   NOT NULL
);
COMMENT ON TABLE herald.unreadable IS 'Changes that the server could not hand out: told as bulk (fault) in their place. Forgotten with the log.';

DROP FUNCTION IF EXISTS herald.read(bigint, bigint);
DROP FUNCTION IF EXISTS herald.replay(bigint, bigint, bigint, text[], text[], text[], text[], text[], text[], int, xid8[]);
DROP FUNCTION IF EXISTS herald.rest(pg_snapshot, pg_snapshot, bigint, text[], text[], text[], text[], text[], text[], int, xid8[]);
DROP FUNCTION IF EXISTS herald.replay_many(bigint, bigint, bigint, jsonb, int);
DROP FUNCTION IF EXISTS herald.rest_many(pg_snapshot, pg_snapshot, bigint, jsonb, int);
DROP FUNCTION IF EXISTS herald.insert_line(herald.watches, text, text, boolean);
DROP FUNCTION IF EXISTS herald.snapshot(text, jsonb, jsonb);
