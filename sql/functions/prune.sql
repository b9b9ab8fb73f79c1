-- herald.prune(keep, most): forgets what is older than keep; returns how many changes went.
--   keep  retention
--   most  changes at the most in this call, so that a call stays short; call again while it returns as many
-- Ticks go in the same transaction as, or before, their changes: a cursor that cannot be continued is always found out.
-- The last tick stays for ever. Takes no lock that a writer waits for, nor waits for another one that prunes: then nothing
-- goes in this call. Revocations and tickets go when their time has passed. Writes herald.ticks, changes, revocations and tickets.
CREATE OR REPLACE FUNCTION herald.prune(keep interval DEFAULT '24 hours', most int DEFAULT 10000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  oldest herald.ticks; -- the oldest tick that stays
  gone bigint;
BEGIN
  -- Who prunes holds the oldest tick: an advisory lock anybody in the database could take, and the log would grow.
  PERFORM FROM herald.ticks t WHERE t.id = (SELECT min(f.id) FROM herald.ticks f) FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  DELETE FROM herald.revocations r WHERE r.until < clock_timestamp();
  DELETE FROM herald.tickets t WHERE t.expires < clock_timestamp();
  SELECT t.* INTO oldest FROM herald.ticks t WHERE t.at < clock_timestamp() - keep ORDER BY t.id DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  DELETE FROM herald.ticks t WHERE t.id < oldest.id;
  DELETE FROM herald.changes c
   WHERE c.ctid = ANY (ARRAY(SELECT d.ctid FROM herald.changes d
                              WHERE d.xid < pg_snapshot_xmax(oldest.since) AND pg_visible_in_snapshot(d.xid, oldest.since)
                              ORDER BY d.xid LIMIT most));
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;
