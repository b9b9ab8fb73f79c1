-- Whose log this is, and which of its histories.
-- A database can go back. It is restored from a dump, to a point in time, or to a snapshot of its
-- volume.
-- It can go on without its end, when a standby is promoted.
-- Ids that were given out and are lost must not be given out again. A client that holds a cursor of
-- them must be found out.
-- A database can also follow another one, as a hot standby or by a subscription to herald.changes
-- and herald.ticks. Then it has the other one's log and adds nothing to it.
-- These functions are PL/pgSQL, because every tick and every page asks them. Plans of PL/pgSQL are
-- kept, those of SQL functions are not.

-- herald.follows(): does another database write the log that is here?
-- The setting in_hot_standby says what pg_is_in_recovery() does, and everybody may read it.
CREATE OR REPLACE FUNCTION herald.follows() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN current_setting('in_hot_standby') = 'on' OR EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = 'herald.ticks'::regclass);
END $$;

-- herald.complete(): may the log be read?
-- Not while a subscription still copies the two tables, because it copies each in a snapshot of its
-- own. Not where two subscriptions bring them, because one may be ahead of the other.
-- One subscription applies transactions in the order of their commits. A tick commits after all
-- that it holds, because its snapshot saw them ended. So what a tick holds is there when the tick
-- is.
CREATE OR REPLACE FUNCTION herald.complete() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN NOT EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = 'herald.ticks'::regclass)
      OR EXISTS (SELECT FROM pg_subscription_rel t JOIN pg_subscription_rel c USING (srsubid)
                  WHERE t.srrelid = 'herald.ticks'::regclass AND t.srsubstate = 'r'
                    AND c.srrelid = 'herald.changes'::regclass AND c.srsubstate = 'r');
END $$;

-- herald.origin(): the history that a tick of now would belong to. NULL in recovery.
--   '<system identifier>/<timeline>/<database>/<table>/<start of the server>'
-- A part changes:
--   system identifier  when a dump is restored into another cluster
--   timeline           with a promotion, and with a point-in-time restore
--   database, table    when a dump is restored into the same cluster, and in a database that is
--                      made from a template
--   start              with a restart. Nothing in the database tells that from a snapshot of the
--                      volume that was put back.
-- It runs with the rights of the owner. Some hosting services do not let everybody call these
-- functions, or let them fail.
-- A part that cannot be had is 0. Then only the start shows a promotion, and nothing shows a volume
-- that was put back.
-- Raises what is wrong for a moment only.
CREATE OR REPLACE FUNCTION herald.origin() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('in_hot_standby') = 'on' THEN
    RETURN NULL;
  END IF;
  RETURN concat_ws('/', (SELECT c.system_identifier FROM pg_control_system() c), left(pg_walfile_name(pg_current_wal_insert_lsn()), 8),
                   (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()), 'herald.ticks'::regclass::oid,
                   extract(epoch FROM pg_postmaster_start_time()));
EXCEPTION WHEN OTHERS THEN
  IF NOT herald.is_refusal(SQLSTATE) THEN RAISE; END IF;
  RETURN herald.origin_in_parts();
END $$;

-- herald.is_refusal(state): does a server say by this SQLSTATE that it will not answer?
-- It does not where it only cannot answer now, for want of memory, files or a lock. It is the same
-- server then.
CREATE OR REPLACE FUNCTION herald.is_refusal(state text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT state !~ '^(40|53|54|55P03|57|58|XX)' $$;

-- herald.origin_in_parts(): the same, each part by itself.
CREATE OR REPLACE FUNCTION herald.origin_in_parts() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  timeline text := '0';
  started numeric := 0;
BEGIN
  BEGIN
    timeline := left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
  EXCEPTION WHEN OTHERS THEN
    IF NOT herald.is_refusal(SQLSTATE) THEN RAISE; END IF;
  END;
  BEGIN
    started := extract(epoch FROM pg_postmaster_start_time());
  EXCEPTION WHEN OTHERS THEN
    IF NOT herald.is_refusal(SQLSTATE) THEN RAISE; END IF;
  END;
  RETURN concat_ws('/', herald.system_identifier(), timeline, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()),
                   'herald.ticks'::regclass::oid, started);
END $$;

-- herald.system_identifier(): that of the cluster. Where it may not be known,
-- herald.own_identifier.
CREATE OR REPLACE FUNCTION herald.system_identifier() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT c.system_identifier FROM pg_control_system() c);
EXCEPTION WHEN OTHERS THEN
  IF NOT herald.is_refusal(SQLSTATE) THEN RAISE; END IF;
  RETURN herald.own_identifier();
END $$;

-- herald.own_identifier(): '<table>.<xid>', the transaction that wrote the first row of
-- herald.migrations here.
-- A restore writes the row again. vacuum freezes it, and it can still be read.
CREATE OR REPLACE FUNCTION herald.own_identifier() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT m.tableoid || '.' || m.xmin FROM herald.migrations m ORDER BY m.version LIMIT 1);
END $$;

-- herald.is_of_here(origin): is it an origin of this cluster?
-- The right to ask may have been lost or got since it was written. Without it the database and the
-- table decide. A restore seldom gives both of them the numbers that they had.
CREATE OR REPLACE FUNCTION herald.is_of_here(origin text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  was text[] := string_to_array(origin, '/');
  here text := herald.system_identifier();
BEGIN
  RETURN CASE
    WHEN was[1] = here THEN true
    WHEN was[1] LIKE '%.%' THEN was[1] = herald.own_identifier()
    WHEN here LIKE '%.%' THEN was[3:4] = (SELECT ARRAY[d.oid::text, 'herald.ticks'::regclass::oid::text] FROM pg_database d WHERE d.datname = current_database())
    ELSE false END;
END $$;

-- herald.same_cluster(origin): do transaction ids of this origin mean anything here?
CREATE OR REPLACE FUNCTION herald.same_cluster(origin text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN herald.follows() OR herald.is_of_here(origin);
END $$;

-- herald.attach(): what a daemon calls before it looks at the log.
-- If the history is another one, ids jump before anybody is told where the log ends. Returns
-- herald.follows().
CREATE OR REPLACE FUNCTION herald.attach() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF herald.follows() THEN
    RETURN true;
  END IF;
  PERFORM herald.last_tick();
  RETURN false;
END $$;

-- herald.last_tick(): takes the lock of ticks, to the end of the transaction. Returns the last tick
-- of this history.
-- A tick that is written then is on disk when its transaction is confirmed. synchronous_commit is
-- on for it, whatever the session says.
-- The lock is one on an empty view, on which nobody else has a right. Anybody in the database could
-- take an advisory lock, and stop the streams with it.
-- On a table VACUUM and ANALYZE would hold this mode. ANALYZE holds it to the end of its
-- transaction.
CREATE OR REPLACE FUNCTION herald.last_tick() RETURNS herald.ticks
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last herald.ticks;
  now text := herald.origin();
BEGIN
  LOCK TABLE herald.ticking IN SHARE UPDATE EXCLUSIVE MODE;
  IF current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  SELECT t.* INTO last FROM herald.ticks t ORDER BY t.id DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'pgherald: the log has no tick to go on from'
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'It begins with pgherald migrate; or with the ticks of another database, by a subscription.';
  END IF;
  IF last.origin <> now THEN
    last := herald.restart(last, now);
  END IF;
  RETURN last;
END $$;

-- herald.restart(last, now): lets the log go on in another history than that of `last`.
--   last  the last tick. NULL: there is none
--   now   the origin of the new history
-- In another cluster the stored xids mean nothing. Then the log is emptied, and begins with an upto
-- of 0.
-- Returns the tick that is the last one now.
CREATE OR REPLACE FUNCTION herald.restart(last herald.ticks, now text) RETURNS herald.ticks
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  base herald.ticks := last;
BEGIN
  IF NOT herald.has_begun() THEN
    PERFORM herald.number_hidden();
  END IF;
  IF last.id IS NULL OR NOT herald.same_cluster(last.origin) THEN
    DELETE FROM herald.changes;
    DELETE FROM herald.unreadable;
    DELETE FROM herald.ticks;
    UPDATE herald.pruned SET tick = 0, xid = '0';
    base.snapshot := pg_current_snapshot();
    base.upto := 0;
  END IF;
  IF last.id IS NULL OR herald.oids_of(last.origin) <> herald.oids_of(now) THEN
    -- The same tables have other oids here. That is no news, since all clients are reset.
    PERFORM herald.keep_extent(w) FROM herald.watches w;
  END IF;
  RETURN herald.begin_history(last.id, base.snapshot, base.upto, now);
END $$;

-- herald.oids_of(origin): the parts of an origin that differ where tables have other oids, since a
-- dump made them again.
CREATE OR REPLACE FUNCTION herald.oids_of(origin text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY[p[1], p[3], p[4]] FROM string_to_array(origin, '/') p
$$;

-- herald.begin_history(last, snap, upto, origin): makes the tick with which a history begins. It
-- holds nothing.
-- Its id jumps to 4096 times the milliseconds since 2020. Ticks are never made that fast.
-- So the id is higher than any that a history has given out by now. That includes a history that
-- began at the same `last` and is unknown here.
-- Such ids are exact in a JavaScript number until 2089. Where the clock is behind, the id jumps by
-- 2^32.
CREATE OR REPLACE FUNCTION herald.begin_history(last bigint, snap pg_snapshot, upto bigint, origin text) RETURNS herald.ticks
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  clock bigint := 4096 * (1000 * (extract(epoch FROM clock_timestamp()) - 1577836800))::bigint;
  begun herald.ticks;
BEGIN
  INSERT INTO herald.ticks (id, since, snapshot, upto, origin)
  VALUES (greatest(clock, CASE WHEN last >= clock THEN last + 4294967296 END), snap, snap, upto, origin)
  RETURNING * INTO begun;
  PERFORM pg_notify('herald_tick', '');
  RETURN begun;
END $$;
