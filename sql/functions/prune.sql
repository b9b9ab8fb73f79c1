-- herald.first_tick(): the oldest tick that is retained. NULL: there is none.
-- It steps over nothing that was pruned. Only where another database's log is followed it may,
-- because ids there may be lower than those of here.
CREATE OR REPLACE FUNCTION herald.first_tick() RETURNS herald.ticks
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first herald.ticks;
BEGIN
  SELECT t.* INTO first FROM herald.ticks t WHERE t.id >= (SELECT p.tick FROM herald.pruned p) ORDER BY t.id LIMIT 1;
  IF NOT FOUND THEN
    SELECT t.* INTO first FROM herald.ticks t ORDER BY t.id LIMIT 1;
  END IF;
  RETURN first;
END $$;

-- herald.prune(keep, most): forgets what is older than keep.
--   keep  retention
--   most  changes and ticks at the most in this call, so that a call stays short
-- Returns how many changes went. It returns `most` where there is more to do: then call it again.
-- Ticks go in the same transaction as their changes, or before. So a cursor that cannot be
-- continued is always found out. The last tick stays for ever.
-- It takes no lock that a writer waits for. It does not wait for another session that prunes. Then
-- nothing goes in this call.
-- What is in no tick never grows old, and cron may be all there is. So where nobody has made a tick
-- for a minute, this makes one. It does so last of all, because others wait for the lock of ticks.
CREATE OR REPLACE FUNCTION herald.prune(keep interval DEFAULT '24 hours', most int DEFAULT 10000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone bigint := herald.forget(keep, most);
BEGIN
  IF current_setting('transaction_isolation') = 'read committed'
     AND clock_timestamp() > (SELECT t.at + interval '1 min' FROM herald.ticks t ORDER BY t.id DESC LIMIT 1) THEN
    PERFORM herald.tick();
  END IF;
  RETURN gone;
END $$;
COMMENT ON FUNCTION herald.prune(interval, integer) IS
  'Public: forgets what is older than keep (an interval, by default 24 hours), at most so many '
  'changes and ticks in one call as most says. Returns how many changes went; where it returns '
  'most, call it again. The daemon does this by itself. Takes no lock that a writer waits for.';

-- herald.forget(keep, most): the same without the tick. Revocations and tickets go when their time
-- has passed.
-- Writes herald.ticks, changes, revocations, tickets and pruned.
CREATE OR REPLACE FUNCTION herald.forget(keep interval, most int) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- whoever empties the log by hand meanwhile writes another value
  was bigint := (SELECT p.tick FROM herald.pruned p);
  first herald.ticks := herald.first_tick();
  oldest herald.ticks; -- the oldest tick that stays
  gone bigint;
  ticks_gone bigint;
BEGIN
  -- A session that prunes holds the oldest tick. Anybody in the database could take an advisory
  -- lock, and the log would grow.
  PERFORM FROM herald.ticks t WHERE t.id = first.id FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  DELETE FROM herald.revocations r WHERE r.until < clock_timestamp();
  DELETE FROM herald.tickets t WHERE t.expires < clock_timestamp();
  IF first.upto = 0 AND first.id > 1 THEN -- it was emptied: herald.begin_anew
    DELETE FROM herald.ticks t WHERE t.id = ANY (ARRAY(SELECT f.id FROM herald.ticks f WHERE f.id < first.id ORDER BY f.id LIMIT most));
    GET DIAGNOSTICS ticks_gone = ROW_COUNT;
    IF ticks_gone >= most THEN
      RETURN most;
    END IF;
  END IF;
  oldest := herald.last_before(first, clock_timestamp() - keep, most);
  IF oldest.id IS NULL THEN
    RETURN 0;
  END IF;
  DELETE FROM herald.ticks t WHERE t.id >= first.id AND t.id < oldest.id;
  GET DIAGNOSTICS ticks_gone = ROW_COUNT;
  DELETE FROM herald.unreadable u WHERE u.tick < oldest.id;
  DELETE FROM herald.changes c
   WHERE c.ctid = ANY (ARRAY(SELECT d.ctid FROM herald.changes d
                              WHERE d.xid >= (SELECT p.xid FROM herald.pruned p)
                                AND d.xid < pg_snapshot_xmax(oldest.since) AND pg_visible_in_snapshot(d.xid, oldest.since)
                              ORDER BY d.xid LIMIT most));
  GET DIAGNOSTICS gone = ROW_COUNT;
  UPDATE herald.pruned p
     SET tick = oldest.id, xid = CASE WHEN gone < most THEN pg_snapshot_xmin(oldest.since) ELSE p.xid END
   WHERE p.tick = was AND (p.tick <> oldest.id OR (gone < most AND p.xid <> pg_snapshot_xmin(oldest.since)));
  RETURN CASE WHEN ticks_gone < most THEN gone ELSE greatest(gone, most) END;
END $$;

-- herald.last_before(first, moment, most): the last tick, from `first` on, that is older than the
-- moment.
-- It is the one that stands `most` after the first where that is earlier. NULL: none.
-- It looks at no more than these. Where the first is not so old it looks at one: then none is,
-- unless a clock once ran ahead.
CREATE OR REPLACE FUNCTION herald.last_before(first herald.ticks, moment timestamptz, most int) RETURNS herald.ticks
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  young bigint; -- the first that is not so old. NULL: none
  found herald.ticks;
BEGIN
  IF first.at < moment THEN
    young := (SELECT n.id FROM (SELECT t.* FROM herald.ticks t WHERE t.id > first.id ORDER BY t.id LIMIT most) n
               WHERE n.at >= moment AND n.at <= clock_timestamp() ORDER BY n.id LIMIT 1);
  ELSIF first.at > clock_timestamp() THEN
    young := (SELECT t.id + 1 FROM herald.ticks t WHERE t.id >= first.id AND t.at < moment ORDER BY t.id DESC LIMIT 1);
  END IF;
  IF young IS NOT NULL OR first.at < moment THEN
    SELECT n.* INTO found
      FROM (SELECT t.* FROM herald.ticks t WHERE t.id >= first.id AND (young IS NULL OR t.id < young) ORDER BY t.id LIMIT most + 1) n
     ORDER BY n.id DESC LIMIT 1;
  END IF;
  RETURN found;
END $$;

DO $$ BEGIN INSERT INTO herald.pruned DEFAULT VALUES ON CONFLICT DO NOTHING; END $$; -- a dump of the schema alone has none
