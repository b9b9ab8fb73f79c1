-- herald.wake(mode): how writers wake the ticker; returns whether that was changed. The daemon calls it with its option.
--   adaptive  ring only when the ticker sleeps (below)
--   always    ring at every commit
--   never     do not ring: the ticker polls. For two-phase commit, which NOTIFY forbids
-- Makes herald.ring() anew, so that writers pay for no look at the setting. Writes herald.settings.
CREATE OR REPLACE FUNCTION herald.wake(mode text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF mode NOT IN ('adaptive', 'always', 'never') OR mode IS NULL THEN
    RAISE EXCEPTION 'pgherald: wake % is unknown', coalesce(quote_literal(mode), 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'One of adaptive, always, never.';
  END IF;
  -- Without a lock first: a daemon that has nothing to change waits for nobody who is about to.
  IF herald.rings_so(mode) THEN
    RETURN false;
  END IF;
  PERFORM FROM herald.settings s FOR UPDATE;
  IF herald.rings_so(mode) THEN
    RETURN false;
  END IF;
  UPDATE herald.settings SET wake = mode;
  EXECUTE format('CREATE OR REPLACE FUNCTION herald.ring() RETURNS boolean LANGUAGE sql AS %L', herald.ring_source(mode));
  RETURN true;
END $$;

-- herald.rings_so(mode): do writers ring as this mode says?
CREATE OR REPLACE FUNCTION herald.rings_so(mode text) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.wake = mode AND p.prosrc = herald.ring_source(mode) FROM herald.settings s LEFT JOIN pg_proc p ON p.oid = to_regprocedure('herald.ring()')
$$;

-- herald.ring_source(mode): the body of herald.ring(), the doorbell: the default of herald.changes.rung, the table's last
-- column, so whatever writes to the log rings. One expression of built-in functions, so that the server puts it in the place
-- of the call: a nested call would cost each writer 5 us. CASE keeps the order.
--
-- A commit with a pending NOTIFY takes a lock of the whole cluster and holds it through its flush: group commit is lost.
-- So: ring only when the ticker sleeps. While it is awake, polling every few milliseconds, it holds advisory lock 3
-- exclusively; a writer that cannot share the lock need not ring.
--
-- Why none is forgotten when the ticker goes to sleep: a writer is given its xid first (by a default too, of a column
-- before) and looks at the lock after. The ticker gives the lock up, then draws an xid X of its own, and goes on ticking until no xid below X runs any
-- more. A writer that saw the lock held had its xid before X was drawn, so it is below X: it has ended by then, and the
-- tick after has its changes. A writer that looks later finds the lock free and rings. The session's death frees the lock.
-- (A snapshot's xmax in place of X would not do: it is one more than the last xid that has *completed*, and a writer that is
-- still open may be above it.)
CREATE OR REPLACE FUNCTION herald.ring_source(mode text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE mode
    WHEN 'adaptive' THEN
      'SELECT CASE WHEN pg_catalog.pg_try_advisory_lock_shared(1751478881, 3) THEN'
      ' CASE WHEN pg_catalog.pg_advisory_unlock_shared(1751478881, 3) THEN pg_catalog.pg_notify(''herald'', '''') IS NOT NULL END END'
    WHEN 'always' THEN 'SELECT pg_catalog.pg_notify(''herald'', '''') IS NOT NULL'
    ELSE 'SELECT false'
  END
$$;

-- herald.settled(since): have all transactions ended that had begun to write before the one with this id did?
CREATE OR REPLACE FUNCTION herald.settled(since xid8) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_snapshot_xmin(pg_current_snapshot()) > since
$$;

-- A new installation, or one whose functions were just replaced: the doorbell as the setting says.
DO $$
BEGIN
  INSERT INTO herald.settings DEFAULT VALUES ON CONFLICT DO NOTHING; -- a dump of the schema alone has none
  PERFORM herald.wake(s.wake) FROM herald.settings s;
END $$;
