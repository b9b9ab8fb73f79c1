-- Whose log this is, and which of its histories. A database can go back: restored from a dump, to a point in time or to a
-- snapshot of its volume; or on without its end: a standby that is promoted. What was given out and is lost must not be given out
-- again, and whoever holds a cursor of it must be found out. And a database can follow: a hot standby, or one that subscribes
-- to herald.changes and herald.ticks by logical replication; it has another one's log and adds nothing to it.
-- PL/pgSQL, for these are asked at every tick and every page: its plans are kept, those of SQL functions are not.

-- herald.follows(): is the log here written by another database? (The setting says what pg_is_in_recovery() does, and to everybody.)
CREATE OR REPLACE FUNCTION herald.follows() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN current_setting('in_hot_standby') = 'on' OR EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = 'herald.ticks'::regclass);
END $$;

-- herald.complete(): may the log be read? Not while a subscription still copies its two tables, each in a snapshot of its own.
-- Nor where two subscriptions bring them, so that one may be ahead of the other.
-- One subscription applies transactions in the order of their commits: a tick commits after all that it holds (its
-- snapshot saw them ended), so what holds is there when the tick is.
CREATE OR REPLACE FUNCTION herald.complete() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN NOT EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = 'herald.ticks'::regclass)
      OR EXISTS (SELECT FROM pg_subscription_rel t JOIN pg_subscription_rel c USING (srsubid)
                  WHERE t.srrelid = 'herald.ticks'::regclass AND t.srsubstate = 'r'
                    AND c.srrelid = 'herald.changes'::regclass AND c.srsubstate = 'r');
END $$;

-- herald.origin(): which history a tick that is made now would be of; NULL in recovery.
--   '<system identifier>/<timeline>/<database>/<table>/<start of the server>'
-- The first changes with a dump that is restored into another cluster, the second with a promotion and with a point-in-time
-- restore, the next two with a dump that is restored into the same cluster and with a database made from a template.
-- Nothing in the database tells a snapshot of the volume that was put back from a restart: so a restart counts too.
-- With the rights of the owner, whoever asks: hosting services let not everybody call these functions, or let them fail. What cannot be
-- had is 0: then a promotion is known by the start only, and a volume that was put back not at all. Raises what is wrong for a moment.
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

-- herald.is_refusal(state): does a server say by this that it will not answer? Not that it cannot now: it has no memory or no file to spare, or
-- did not get at what it wanted. It is the same server then.
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

-- herald.system_identifier(): the cluster's; where that may not be known, herald.own_identifier.
CREATE OR REPLACE FUNCTION herald.system_identifier() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT c.system_identifier FROM pg_control_system() c);
EXCEPTION WHEN OTHERS THEN
  IF NOT herald.is_refusal(SQLSTATE) THEN RAISE; END IF;
  RETURN herald.own_identifier();
END $$;

-- herald.own_identifier(): '<table>.<xid>': in which transaction the first row of herald.migrations was written here. A restore writes it anew;
-- vacuum, which freezes it, lets it be read still.
CREATE OR REPLACE FUNCTION herald.own_identifier() RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT m.tableoid || '.' || m.xmin FROM herald.migrations m ORDER BY m.version LIMIT 1);
END $$;

-- herald.is_of_here(origin): is it one of this cluster? The right to ask may have been lost since it was written, or been got. Without it
-- the database and the table tell: a restore seldom gives both of them the numbers that they had.
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

-- herald.attach(): what a daemon calls before it looks at the log: if the history is another one, ids jump before anybody is
-- told where the log ends. Returns herald.follows().
CREATE OR REPLACE FUNCTION herald.attach() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF herald.follows() THEN
    RETURN true;
  END IF;
  PERFORM herald.last_tick();
  RETURN false;
END $$;

-- herald.last_tick(): takes the lock of ticks, to the end of the transaction, and returns the last tick of this history. A tick
-- that is written then is on disk when its transaction is confirmed: synchronous_commit is on for it, whatever the session says.
-- The lock is one on a view of nothing, that nobody else has a right on: an advisory one anybody in the database could take, and stop
-- the streams with it. On a table VACUUM, ANALYZE and the like would hold this mode, ANALYZE to the end of a transaction that does more.
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

-- herald.restart(last, now): the log goes on in another history than `last` was made in; NULL: there is no tick. In another cluster
-- stored xids mean nothing: the log is emptied, and begins with an upto of 0. Returns the tick that now is the last one.
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
  RETURN herald.begin_history(last.id, base.snapshot, base.upto, now);
END $$;

-- herald.begin_history(last, snap, upto, origin): the tick with which a history begins. It holds nothing. Ids jump, to 4096 times the
-- milliseconds since 2020: ticks are never made that fast, so this is more than any history has given out by now, also one that
-- began at the same `last` and that nothing here knows of; and exact in a JavaScript number until 2089. (Where the clock is
-- behind: by 2^32.)
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
