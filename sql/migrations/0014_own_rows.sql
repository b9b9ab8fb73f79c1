-- 0014_own_rows.sql: the log takes no row of another one's. A dump's data, loaded into a database that has its own log already, would bring
-- changes whose transaction ids mean nothing here: they would be told as news when ids of here come to that. Sequences and watches are
-- no matter, ticks are refused likewise.
-- A domain, because its check is looked up once a session: a CHECK of the table costs each writer 2 to 3 us, a trigger nearly 2.
-- (Neither step rewrites the table or its index, nor reads them.)
CREATE DOMAIN herald.own_xid AS xid8;
ALTER TABLE herald.changes ALTER COLUMN xid TYPE herald.own_xid;
CREATE FUNCTION herald.takes_rows() RETURNS boolean LANGUAGE sql AS 'SELECT true'; -- functions/own_rows.sql
ALTER DOMAIN herald.own_xid ADD CONSTRAINT written_here CHECK (VALUE = pg_current_xact_id() OR herald.takes_rows()) NOT VALID;

CREATE FUNCTION herald.take_tick() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; -- there, too
CREATE TRIGGER written_here BEFORE INSERT ON herald.ticks FOR EACH ROW EXECUTE FUNCTION herald.take_tick();
ALTER TABLE herald.ticks ENABLE ALWAYS TRIGGER written_here; -- also for those who load with session_replication_role = replica

-- Up to where has been pruned: what is dead there may have to stay for as long as somebody's old snapshot, and who looks for the first
-- tick, or the first change, would step over all of it each time.
CREATE TABLE herald.pruned (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  tick     bigint NOT NULL DEFAULT 0,   -- no tick has a lower id
  xid      xid8   NOT NULL DEFAULT '0'  -- no change is of a transaction with a lower id
);
INSERT INTO herald.pruned DEFAULT VALUES;

-- Emptied by hand, the log begins anew: cursors of before are found out.
CREATE FUNCTION herald.begin_anew() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; -- there, too
CREATE TRIGGER begin_anew AFTER TRUNCATE ON herald.changes FOR EACH STATEMENT EXECUTE FUNCTION herald.begin_anew();
