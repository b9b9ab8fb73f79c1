-- herald.wake(mode): how writers wake the ticker. Returns whether that was changed. The daemon
-- calls it with its option.
--   adaptive  ring only when the ticker sleeps (below)
--   always    ring at every commit
-- In both, only if somebody listens.
--   never     do not ring: the ticker polls. For two-phase commit, which NOTIFY forbids
-- It makes herald.ring() again, so that writers need not look at the setting. Writes
-- herald.settings.
CREATE OR REPLACE FUNCTION herald.wake(mode text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF mode NOT IN ('adaptive', 'always', 'never') OR mode IS NULL THEN
    RAISE EXCEPTION 'pgherald: wake % is unknown', coalesce(quote_literal(mode), 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'One of adaptive, always, never.';
  END IF;
  -- First without a lock: a daemon that has nothing to change need not wait for one that has.
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

-- herald.ring_source(mode): the body of herald.ring(), the doorbell.
-- The doorbell is the default of herald.changes.rung. So whatever writes to the log rings.
-- It is one expression of built-in functions, so the server puts it in the place of the call. A
-- nested call would cost each writer 5 us. CASE keeps the order.
--
-- A commit with a pending NOTIFY takes a lock of the whole cluster and holds it through its flush.
-- Then group commit is lost.
-- So it rings only when the ticker sleeps. While the ticker is awake, it polls every few
-- milliseconds and holds advisory lock 3 exclusively. A writer that cannot share that lock need not
-- ring.
--
-- It rings only where somebody listens. A daemon's session holds advisory lock 5 in share mode for as
-- long as it listens, whatever its role. A writer that can have that lock for itself rings for
-- nobody. Two writers that try at the same moment would take each other for a listener, so it tries
-- twice. What was committed before there was a daemon has its place in the first tick of one.
--
-- Why no writer is forgotten when the ticker goes to sleep:
-- A writer gets its xid first, by the default of a column before this one. It looks at the lock
-- after that.
-- The ticker gives the lock up, and then draws an xid X of its own. It goes on ticking until no xid
-- below X runs any more.
-- A writer that saw the lock held had its xid before X was drawn, so its xid is below X. It has
-- ended by then, and the tick after that has its changes.
-- A writer that looks later finds the lock free and rings. If the session of the ticker dies, the
-- lock is free.
-- Each instance does the same once it has lock 5: it draws an X of its own, and looks until no xid
-- below that runs. A writer that found nobody there looked before the first of them had the lock. So
-- whichever dies, another one looks for that writer. A writer that looks while one listens rings.
-- An instance that cannot get lock 5 tries again. Without it the ticker does not fall asleep.
-- The xmax of a snapshot in place of X would not do. It is one more than the last xid that has
-- *completed*, and a writer that is still open may be above it.
CREATE OR REPLACE FUNCTION herald.ring_source(mode text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE mode
    WHEN 'adaptive' THEN
      'SELECT CASE WHEN pg_catalog.pg_try_advisory_lock_shared(1751478881, 3) THEN'
      ' CASE WHEN pg_catalog.pg_advisory_unlock_shared(1751478881, 3) THEN ' || for_listeners || ' END END'
    WHEN 'always' THEN 'SELECT ' || for_listeners
    ELSE 'SELECT false'
  END
  FROM (SELECT 'CASE WHEN ' || alone || ' WHEN ' || alone || ' ELSE pg_catalog.pg_notify(''herald'', '''') IS NOT NULL END'
          FROM (SELECT 'pg_catalog.pg_try_advisory_lock(1751478881, 5) THEN NOT pg_catalog.pg_advisory_unlock(1751478881, 5)') a(alone)) l(for_listeners)
$$;

-- herald.settled(since): have all transactions ended that began to write before the one with this
-- id did?
CREATE OR REPLACE FUNCTION herald.settled(since xid8) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_snapshot_xmin(pg_current_snapshot()) > since
$$;

-- A new installation, or one whose functions were just replaced: the doorbell becomes as the
-- setting says.
DO $$
BEGIN
  INSERT INTO herald.settings DEFAULT VALUES ON CONFLICT DO NOTHING; -- a dump of the schema alone has none
  PERFORM herald.wake(s.wake) FROM herald.settings s;
END $$;
