-- herald.pass_by(tick, change, reason): marks a change that cannot be handed out.
-- From now on no reader tries, and all tell `bulk` (fault) in its place.
-- It may be text over 1 GB, bytes that are no UTF-8, or a damaged page of the log's TOAST table. A
-- damaged page of the log itself is no such case. Nobody can tell which changes are on it, nor
-- whose (contrib/doc/backup.md).
--   reason  what the server said
-- Returns whose change it is, for the log of the reader that found it. Writes herald.unreadable. A
-- hot standby cannot write, so there each reader finds out alone.
CREATE OR REPLACE FUNCTION herald.pass_by(tick bigint, change bigint, reason text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_topic text;
  found_xid xid8;
BEGIN
  SELECT c.topic, c.xid INTO found_topic, found_xid
    FROM herald.ticks t, herald.batch(t.since, t.snapshot) c WHERE t.id = pass_by.tick AND c.id = change;
  IF found_xid IS NOT NULL AND NOT pg_is_in_recovery() THEN
    INSERT INTO herald.unreadable (change, tick, topic, xid, reason) VALUES (change, tick, found_topic, found_xid, reason)
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN format('topic ''%s'' (table %s), transaction %s', found_topic,
                coalesce((SELECT string_agg(w.target::text, ', ') FROM herald.watches w WHERE w.topic = found_topic), '-'), found_xid);
END $$;
