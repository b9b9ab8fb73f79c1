-- 0012_bounds.sql: no reader is stopped by one change. How long a change is as text is noted where it is made, so that who has no room
-- for it need not print it; and what cannot be read is kept by its id, so that everybody passes it by.
ALTER TABLE herald.changes ADD COLUMN bytes bigint; -- NULL: not long
COMMENT ON COLUMN herald.changes.bytes IS 'Length of its data as text where that is long, else NULL; beyond 16 MB the data is not kept';

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
