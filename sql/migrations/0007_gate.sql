-- 0007_gate.sql: revoked tokens, tickets, and the tables that a stream's authorize function looks
-- at.
CREATE TABLE herald.revocations (
  id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  jti   text,
  sub   text,
  at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  until timestamptz, -- NULL: for good
  CHECK (num_nonnulls(jti, sub) = 1)
);
COMMENT ON TABLE herald.revocations IS 'Tokens that are not accepted any more: this one (jti), or all of a subject that were issued up to `at`. A row that appears ends streams at once.';

-- Tickets live for 30 s, so it does not matter that a crash loses them. Only a hash is kept.
-- Whoever reads the table has no ticket.
CREATE UNLOGGED TABLE herald.tickets (
  hash     text PRIMARY KEY,
  sub      text,
  identity jsonb NOT NULL,
  origin   text,
  expires  timestamptz NOT NULL
);
CREATE INDEX tickets_by_sub ON herald.tickets (sub);
CREATE INDEX tickets_by_expires ON herald.tickets (expires);

ALTER TABLE herald.streams ADD COLUMN recheck jsonb NOT NULL DEFAULT '{}';
DROP FUNCTION IF EXISTS herald.stream(text, text[], jsonb, text[], jsonb, text, text, text, boolean, boolean);
