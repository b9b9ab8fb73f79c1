-- 0011_capture.sql: a change that cannot be told is told of by the ticker, and no more often than clients can fetch anew.
-- What a transaction has changed and its capture could not tell: one row a topic and table. herald.tick() makes one `bulk` of all.
CREATE TABLE herald.untold (
  xid   xid8 NOT NULL DEFAULT pg_current_xact_id(),
  topic text NOT NULL
);
ALTER TABLE herald.untold REPLICA IDENTITY FULL; -- so that a publication of all tables stands in no way
COMMENT ON TABLE herald.untold IS 'Topics with changes that their capture could not tell. The next tick tells `bulk` of them.';
DROP FUNCTION IF EXISTS herald.fault(int, text), herald.routing_settings(herald.watches);
