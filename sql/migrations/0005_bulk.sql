-- 0005_bulk.sql: a `bulk` event takes its place in the order when its transaction ends.
-- It stands for changes that are no events themselves. A row that is changed late in a transaction
-- may meanwhile have got an event of another one. A client that fetches again must not put that
-- older state on top. So the event waits here, for the end of its transaction only.
-- A trigger on herald.changes itself would cost every writer. SET CONSTRAINTS ALL IMMEDIATE tells
-- the event at once.
CREATE TABLE herald.bulks (
  xid    xid8 NOT NULL DEFAULT pg_current_xact_id(),
  topic  text NOT NULL,
  reason text NOT NULL
);
CREATE FUNCTION herald.tell_bulk() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM herald.bulks b WHERE b.xid = NEW.xid AND b.topic = NEW.topic;
  IF FOUND THEN
    INSERT INTO herald.changes (topic, event, audience, data)
    VALUES (NEW.topic, 'bulk', '{*}', jsonb_build_object('topic', NEW.topic, 'reason', NEW.reason));
    PERFORM herald.ring();
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON herald.bulks DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION herald.tell_bulk();

-- Vacuum must not cut free pages off the end of the log. For that it takes a lock that writers wait
-- for, and the next minute needs the pages again.
ALTER TABLE herald.changes SET (vacuum_truncate = off);
ALTER TABLE herald.ticks SET (vacuum_truncate = off);
