-- herald.tick(): closes the batch of changes that have become visible since the last tick.
-- Returns the id of the new tick. NULL where nothing had become visible: then nothing is written.
-- Also NULL in a database that follows another one's log, because that makes none.
--
-- Deliver the changes of a tick only after the transaction of this call is confirmed. In the WAL
-- its commit record follows those of all changes that it covers. synchronous_commit is on for it,
-- whatever the session says. So a crash cannot take back what was delivered.
--
-- Source: PgQ's ticker (Kreen, Pihlak 2007). A batch is the difference of two snapshots. So a late
-- committer is never skipped, and a long transaction holds back nothing but its own changes.
--
-- Reads herald.changes. Writes herald.ticks, and `bulk` of what could not be told. Rings the
-- channel herald_tick.
-- READ COMMITTED only. Each statement below must see what was committed before it, the lock above
-- all.
CREATE OR REPLACE FUNCTION herald.tick() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last herald.ticks;
  snap pg_snapshot;
  new_id bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'pgherald: herald.tick() needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  IF herald.follows() THEN
    RETURN NULL;
  END IF;
  last := herald.last_tick();
  -- for the next tick: this one does not see what its own transaction writes
  PERFORM herald.tell_untold();
  snap := pg_current_snapshot();
  -- Transactions that were in progress are asked first whether they have ended. So the many rows of
  -- one that is still open are not looked at again and again.
  IF NOT EXISTS (SELECT FROM herald.changes c
                  WHERE c.xid >= pg_snapshot_xmax(last.snapshot) AND c.xid < pg_snapshot_xmax(snap)
                    AND pg_visible_in_snapshot(c.xid, snap))
     AND NOT EXISTS (SELECT FROM herald.changes c
                      WHERE c.xid = ANY (ARRAY(SELECT x FROM pg_snapshot_xip(last.snapshot) x
                                                WHERE pg_visible_in_snapshot(x, snap)))) THEN
    RETURN NULL;
  END IF;
  INSERT INTO herald.ticks (id, since, snapshot, upto, origin)
  SELECT last.id + 1, last.snapshot, snap, CASE WHEN q.last_value >= last.upto THEN q.last_value ELSE herald.raise_ids(last, snap) END, last.origin
    FROM herald.change_id q
  RETURNING id INTO new_id;
  PERFORM pg_notify('herald_tick', '');
  RETURN new_id;
END $$;

-- herald.raise_ids(last, snap): ids went back, because the data of a dump sets sequences, this one
-- too.
-- They go on above all that were given out, so that the next ones come after them. Returns the
-- highest up to this tick.
CREATE OR REPLACE FUNCTION herald.raise_ids(last herald.ticks, snap pg_snapshot) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN setval('herald.change_id', greatest(last.upto, (SELECT max(c.id) FROM herald.batch(last.snapshot, snap) c)));
END $$;
