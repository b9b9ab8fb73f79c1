-- 0014_own_rows.sql: the log takes no row of another one's. A dump's data, loaded into a database that has its own log already, would bring
-- changes whose transaction ids mean nothing here: they would be told as news when ids of here come to that. Sequences and watches are
-- no matter, ticks are refused likewise.
-- A domain, because its check is looked up once a session: a CHECK of the table costs each writer 2 to 3 us, a trigger nearly 2.
-- The check comes last (functions/own_rows.sql), for it needs a lock on the log; it neither rewrites the table and its index, nor reads them.
CREATE DOMAIN herald.own_xid AS xid8;

-- Up to where has been pruned: what is dead there may have to stay for as long as somebody's old snapshot, and who looks for the first
-- tick, or the first change, would step over all of it each time.
CREATE TABLE herald.pruned (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  tick     bigint NOT NULL DEFAULT 0,   -- no tick has a lower id
  xid      xid8   NOT NULL DEFAULT '0'  -- no change is of a transaction with a lower id
);
INSERT INTO herald.pruned DEFAULT VALUES;
