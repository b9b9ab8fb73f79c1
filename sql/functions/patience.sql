-- As they were before. A call that leaves out what has a default would fit both.
DROP FUNCTION IF EXISTS herald.patiently(text, oid[], interval), herald.patiently(text, oid[], interval, text[]), herald.in_the_way(oid[], boolean);

-- herald.patiently(ddl, targets, most, harmless, wait_ms): runs DDL that takes strong locks on
-- tables, and lets nobody wait for long after it.
-- Readers and writers that come later queue after a session that waits for a lock. So it waits only
-- for a moment. Then it gives up all that it has got, lets the others through, and tries again.
--   ddl       one or several statements. Once all of them have run, what they lock is kept to the
--             end of the transaction
--   targets   the tables that they lock. A session in the way is looked for there
--   most      how long it tries. NULL: the caller's lock_timeout, 30 s where that is 0
--   harmless  locks that are in the way of none of it. A session that has no others is not named.
--             NULL: readers' locks, unless ddl drops or locks something
--   wait_ms   how long the first try waits
-- Raises 55P03 and names the session that is in the way. Call it before anything else is locked
-- that somebody may want.
CREATE OR REPLACE FUNCTION herald.patiently(ddl text, targets oid[], most interval DEFAULT NULL, harmless text[] DEFAULT NULL, wait_ms int DEFAULT 100) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  former text := current_setting('lock_timeout');
  patience interval := coalesce(most, herald.patience());
  ends timestamptz := clock_timestamp() + patience;
  said boolean := false;
  way record;
BEGIN
  harmless := coalesce(harmless, CASE WHEN ddl ~* E'\\m(drop|lock)\\M' THEN '{}'::text[] ELSE '{AccessShareLock,RowShareLock}' END);
  LOOP
    BEGIN
      PERFORM set_config('lock_timeout', ceil(greatest(least(wait_ms, extract(epoch FROM ends - clock_timestamp()) * 1000), 1))::text, true);
      EXECUTE ddl;
      PERFORM set_config('lock_timeout', former, true);
      RETURN;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      SELECT * INTO way FROM herald.in_the_way(targets, harmless);
    END;
    IF clock_timestamp() >= ends THEN
      RAISE EXCEPTION 'pgherald: no lock could be had on % within %: %', herald.some_names(targets), patience,
          coalesce(way.who, 'who was in the way has ended by now')
        USING ERRCODE = 'lock_not_available', HINT = concat_ws(' ', way.advice, 'How long is tried: SET lock_timeout.');
    ELSIF way.who IS NOT NULL AND NOT said AND ends - clock_timestamp() < patience - interval '1 s' THEN
      RAISE WARNING 'pgherald: waiting: %', way.who;
      said := true;
    END IF;
    -- it gives way to a session that has waited that long
    wait_ms := CASE WHEN way.is_vacuum THEN least(herald.setting_ms('deadlock_timeout') + 500, 2500)
                    -- there is no use in others waiting for it
                    WHEN way.is_stuck IS DISTINCT FROM false THEN 100
                    ELSE least(wait_ms * 5 / 4, 1000) END;
    -- three times what the next try takes
    PERFORM pg_sleep(greatest(least(wait_ms * 0.003, extract(epoch FROM ends - clock_timestamp())), 0));
  END LOOP;
END $$;

-- herald.take_turn(mode): keeps installations out until the end of the transaction.
-- An installation has SHARE ROW EXCLUSIVE. It makes all functions again, and wants rows of watches.
-- Whoever has such a row, or alters a function, calls this before. So all take these locks in one
-- order: these tables, a row of watches, a table of the application.
-- Raises as herald.patiently does.
CREATE OR REPLACE FUNCTION herald.take_turn() RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.patiently('LOCK TABLE herald.watches, herald.rules IN ROW EXCLUSIVE MODE', ARRAY['herald.watches', 'herald.rules']::regclass[]::oid[], NULL,
                          '{AccessShareLock,RowShareLock,RowExclusiveLock}')
$$;

-- herald.patience(): how long DDL is tried.
-- In an installation lock_timeout is its own, and the installer's is kept (begin.sql).
CREATE OR REPLACE FUNCTION herald.patience() RETURNS interval
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(make_interval(secs => nullif(coalesce(nullif(current_setting('herald.lock_timeout_ms', true), '')::float,
                                                        herald.setting_ms('lock_timeout')), 0) / 1000), interval '30 s')
$$;

-- herald.setting_ms(name): a setting that is a time, in milliseconds.
CREATE OR REPLACE FUNCTION herald.setting_ms(name text) RETURNS int
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.setting::int FROM pg_settings s WHERE s.name = setting_ms.name
$$;

-- herald.some_names(tables): the names of the first of them, for a message.
CREATE OR REPLACE FUNCTION herald.some_names(tables oid[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT string_agg(t::regclass::text, ', ') || CASE WHEN cardinality(tables) > 3 THEN format(' and %s more', cardinality(tables) - 3) ELSE '' END
    FROM unnest(tables[:3]) t
$$;

-- herald.in_the_way(tables, harmless): which session has locks on these tables that stand in the
-- way of DDL. Of several it is the one with the oldest transaction.
--   harmless   locks that do not stand in the way
--   who        a sentence: process, application, role, state, since when, query. NULL: nobody
--   advice     what to do about it
--   is_vacuum  is it autovacuum and nobody else? It gives way by itself
--   is_stuck   will it be in the way for longer, as far as can be seen? NULL: nothing can be seen
-- Reads pg_locks. pg_stat_activity shows little of others' sessions to a role that is no member of
-- pg_read_all_stats.
CREATE OR REPLACE FUNCTION herald.in_the_way(tables oid[], harmless text[], OUT who text, OUT advice text, OUT is_vacuum boolean, OUT is_stuck boolean)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_stat_clear_snapshot();
  SELECT format('%s has %s on %s%s%s', herald.session_words(l.pid, l.virtualtransaction), l.mode, l.relation::regclass, herald.doing_words(l.pid),
                CASE WHEN count(*) OVER () > 1 THEN format(' (and %s more)', count(*) OVER () - 1) ELSE '' END),
         CASE WHEN l.pid IS NOT NULL THEN format('Let it end, or: SELECT pg_terminate_backend(%s).', l.pid) ELSE 'COMMIT PREPARED it, or ROLLBACK PREPARED.' END,
         bool_and(l.pid IS NOT NULL AND l.usesysid IS NULL AND l.mode = 'ShareUpdateExclusiveLock') OVER (),
         l.pid IS NULL OR l.state LIKE 'idle in%' OR l.xact_start < clock_timestamp() - interval '10 s'
    INTO who, advice, is_vacuum, is_stuck
    FROM (SELECT DISTINCT ON (k.virtualtransaction) k.*, a.usesysid, a.state, a.xact_start
            FROM pg_locks k LEFT JOIN pg_stat_activity a USING (pid)
           WHERE k.locktype = 'relation' AND k.relation = ANY (tables) AND k.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
             AND k.pid IS DISTINCT FROM pg_backend_pid() AND k.mode <> ALL (harmless) AND k.granted
           ORDER BY k.virtualtransaction, k.mode) l
   -- of a row's locks: a session that has written is likelier than one that refers to the row
   ORDER BY l.pid IS NOT NULL, harmless <> '{}' AND l.mode = 'RowShareLock', l.xact_start LIMIT 1;
END $$;

-- herald.session_words(pid, virtualtransaction): which session that is, or which prepared
-- transaction.
CREATE OR REPLACE FUNCTION herald.session_words(pid int, virtualtransaction text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN session_words.pid IS NOT NULL
    THEN (SELECT format('server process %s (application %L, role %s)', a.pid, a.application_name, coalesce(a.usename, 'none: ' || coalesce(a.backend_type, 'autovacuum')))
            FROM pg_stat_activity a WHERE a.pid = session_words.pid)
    ELSE (SELECT format('the prepared transaction %L of role %s, prepared %s,', p.gid, p.owner, p.prepared)
            FROM pg_locks l JOIN pg_prepared_xacts p ON p.transaction = l.transactionid
           WHERE l.virtualtransaction = session_words.virtualtransaction AND l.pid IS NULL) END
$$;

-- herald.doing_words(pid): what it is doing, since when. Empty for a prepared transaction, which
-- does nothing.
CREATE OR REPLACE FUNCTION herald.doing_words(pid int) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((
    SELECT CASE WHEN a.state IS NULL THEN '; members of pg_read_all_stats see what it does'
                ELSE format('; it is %s since %s, in a transaction since %s, %s: %s', a.state, date_trunc('second', a.state_change), date_trunc('second', a.xact_start),
                            CASE WHEN a.state LIKE 'idle%' THEN 'its last query' ELSE 'its query' END, left(regexp_replace(a.query, '[[:space:]]+', ' ', 'g'), 100)) END
      FROM pg_stat_activity a WHERE a.pid = doing_words.pid), '')
$$;

-- Version 14 gives a column of the log another type. A view of that column, which somebody has
-- made, forbids that.
DO $$
DECLARE
  reader regclass := (SELECT r.ev_class FROM pg_attribute a
                        JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.classid = 'pg_rewrite'::regclass
                        JOIN pg_rewrite r ON r.oid = d.objid
                       WHERE a.attrelid = to_regclass('herald.changes') AND a.attname = 'xid' AND a.atttypid = 'xid8'::regtype LIMIT 1);
BEGIN
  IF reader IS NOT NULL THEN
    RAISE EXCEPTION 'pgherald: view % has column xid of herald.changes, which gets another type', reader
      USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Nothing was changed. Drop the view, migrate, and make it again.';
  END IF;
END $$;

-- An upgrade takes its strong locks now, all of them at once, before it has any that others wait
-- for. Who waits for one of them may have another one.
--   - on the log, where a migration alters it. Nobody writes to it until the end
--   - on the watched tables, for triggers of versions before 0003
--   - on the view that is replaced each time. ALTER locks it alone, while LOCK TABLE would lock all
--     that it reads. It is tried alone first, so that its readers are named
--   - on watches and rules, against a session that is watching just now (herald.take_turn)
-- A migration that alters a table of herald which streams use adds its version to the list. Of
-- several such migrations the last one does.
-- The log needs another lock for versions up to 14, and that comes last (log_columns.sql,
-- own_rows.sql). It is tried here before all others, and given up again. So the upgrade waits for a
-- session that has the log for long, while nobody waits for the upgrade.
-- At the end that lock is tried only for as long as streams may stand still. A single try waits
-- longer there, because writers with transactions of some length make it necessary.
DO $$
DECLARE
  had int := (SELECT max(m.version) FROM herald.migrations m);
  strong text := (SELECT 'LOCK TABLE ' || string_agg(DISTINCT 'herald.' || t, ', ') FROM (VALUES (7, '{changes,ticks,streams,watches}'::text[]), (11, '{watches}'), (13, '{rules}'), (18, '{extents}'))
                    AS v(version, tables), unnest(v.tables) t WHERE v.version > had AND to_regclass('herald.' || t) IS NOT NULL);
  view text := CASE WHEN had < 3 THEN 'DROP VIEW IF EXISTS herald.status' ELSE 'ALTER VIEW IF EXISTS herald.status OWNER TO CURRENT_USER' END;
  functions text;
  targets oid[] := '{}';
BEGIN
  IF had < 3 THEN
    SELECT string_agg(p.oid::regprocedure::text, ', '), coalesce(array_agg(t.tgrelid), '{}') INTO functions, targets
      FROM herald.watches w JOIN pg_proc p ON p.oid = to_regprocedure(format('herald.capture_%s()', w.id)) LEFT JOIN pg_trigger t ON t.tgfoid = p.oid;
  END IF;
  IF had BETWEEN 1 AND 13 THEN
    BEGIN
      PERFORM herald.patiently('LOCK TABLE herald.ticks, herald.changes', ARRAY['herald.ticks', 'herald.changes']::regclass[]::oid[]);
      RAISE EXCEPTION USING ERRCODE = 'HR000';
    EXCEPTION WHEN SQLSTATE 'HR000' THEN
      NULL;
    END;
  END IF;
  IF had > 0 AND to_regclass('herald.status') IS NOT NULL THEN
    BEGIN
      PERFORM herald.patiently(view, ARRAY['herald.status'::regclass::oid], NULL, '{}');
      RAISE EXCEPTION USING ERRCODE = 'HR000';
    EXCEPTION WHEN SQLSTATE 'HR000' THEN
      NULL;
    END;
  END IF;
  PERFORM herald.patiently(concat_ws('; ', 'DROP FUNCTION ' || functions || ' CASCADE', 'LOCK TABLE herald.watches, herald.rules IN SHARE ROW EXCLUSIVE MODE', strong, view),
                           targets || ARRAY(SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace AND c.relname = ANY ('{changes,ticks,watches,rules,streams,extents}')),
                           NULL, CASE WHEN functions IS NULL AND strong IS NULL THEN '{AccessShareLock,RowShareLock}' ELSE '{}' END::text[])
    WHERE had > 0;
END $$;
