-- 0014_own_rows.sql: the log takes no row of another log.
-- The data of a dump may be loaded into a database that has its own log already. The transaction
-- ids of such changes mean nothing here. They would be told as news when the ids of this database
-- come to them.
-- Sequences and watches do no harm. Ticks are refused in the same way.
-- It is a domain, because its check is looked up once a session. A CHECK of the table costs each
-- writer 2 to 3 us, a trigger nearly 2.
-- The check comes last (functions/own_rows.sql), because it needs a lock on the log. It neither
-- rewrites the table and its index, nor reads them.
CREATE DOMAIN herald.own_xid AS xid8;

-- Up to where the log has been pruned. While somebody keeps an old snapshot, vacuum cannot take
-- away what is dead there. A session that looks for the first tick or the first change would step
-- over all of it each time.
CREATE TABLE herald.pruned (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  tick     bigint NOT NULL DEFAULT 0,   -- no tick has a lower id
  xid      xid8   NOT NULL DEFAULT '0'  -- no change is of a transaction with a lower id
);
INSERT INTO herald.pruned DEFAULT VALUES;
