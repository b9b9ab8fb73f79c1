-- herald.tick(): closes the batch of changes that have become visible since the last tick.
-- Returns the new tick's id, or NULL where nothing had become visible (then nothing is written).
-- Deliver a tick's changes only after the transaction of this call is confirmed: its commit record follows, in the
-- WAL, those of all changes it covers, and synchronous_commit is on for it whatever the session says, so a crash cannot
-- take back what was delivered.
-- Source: PgQ's ticker (Kreen, Pihlak 2007): a batch is the difference of two snapshots, so a late committer is never
-- skipped and a long transaction holds nothing back but its own changes.
-- Reads herald.changes; writes herald.ticks; rings channel herald_tick. READ COMMITTED only: each statement below must
-- see what was committed before it, the lock above all.
CREATE OR REPLACE FUNCTION herald.tick() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last herald.ticks;
  snap pg_snapshot;
  origin text := herald.origin();
  new_id bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'pgherald: herald.tick() needs READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  PERFORM pg_advisory_xact_lock(1751478881, 2);
  SELECT t.* INTO STRICT last FROM herald.ticks t ORDER BY t.id DESC LIMIT 1;
  IF last.origin <> origin THEN
    last := herald.restart(last, origin);
  END IF;
  snap := pg_current_snapshot();
  -- Transactions that were in progress are asked first whether they have ended, so that the many rows of one that is
  -- still open are not looked at again and again.
  IF NOT EXISTS (SELECT FROM herald.changes c
                  WHERE c.xid >= pg_snapshot_xmax(last.snapshot) AND c.xid < pg_snapshot_xmax(snap)
                    AND pg_visible_in_snapshot(c.xid, snap))
     AND NOT EXISTS (SELECT FROM herald.changes c
                      WHERE c.xid = ANY (ARRAY(SELECT x FROM pg_snapshot_xip(last.snapshot) x
                                                WHERE pg_visible_in_snapshot(x, snap)))) THEN
    RETURN NULL;
  END IF;
  IF current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  INSERT INTO herald.ticks (id, since, snapshot, upto, origin)
  VALUES (last.id + 1, last.snapshot, snap, (SELECT last_value FROM herald.change_id), origin)
  RETURNING id INTO new_id;
  PERFORM pg_notify('herald_tick', '');
  RETURN new_id;
END $$;

-- herald.origin(): which cluster and which of its histories this is: '<system identifier>/<timeline>'. It changes with a
-- dump and restore into another cluster, with a promotion and with a point-in-time restore.
CREATE OR REPLACE FUNCTION herald.origin() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) FROM pg_control_system()
$$;

-- herald.restart(last, now): the log goes on in another history than `last` was made in. Tick ids jump to the next multiple
-- of 2^32, so that ids which the lost history may have given out are never given out again. In another cluster stored
-- xids mean nothing: the log is emptied. Returns the tick that now is the last one. Called by herald.tick, under its lock.
CREATE OR REPLACE FUNCTION herald.restart(last herald.ticks, now text) RETURNS herald.ticks
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  base herald.ticks := last;
BEGIN
  IF split_part(last.origin, '/', 1) <> split_part(now, '/', 1) THEN
    DELETE FROM herald.changes;
    DELETE FROM herald.ticks;
    base.snapshot := pg_current_snapshot();
  END IF;
  INSERT INTO herald.ticks (id, since, snapshot, upto, origin)
  VALUES ((last.id / 4294967296 + 1) * 4294967296, base.snapshot, base.snapshot, last.upto, now)
  RETURNING * INTO base;
  PERFORM pg_notify('herald_tick', '');
  RETURN base;
END $$;
