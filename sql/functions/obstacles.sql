-- herald.obstacles(): who has waited for more than two seconds for a lock that herald needs, and
-- for whom.
-- There is a row for each thing that is waited for and each session in the way. Those that have
-- waited longest come first.
--   pid        the process that has waited longest, since `since`
--   waits_for  a table of herald; the queue of notifications, which a commit with a NOTIFY holds up
--              to its end; or what one of the daemon's sessions stands at
--   waiters    how many wait for it
--   holder     the process in the way. 0: a prepared transaction
--   held_by    what that is, and since when its transaction is open
-- It reads no table of herald, so it answers though all of them are locked.
-- It runs with the rights of herald's owner, so the daemon's role sees how old a stranger's
-- transaction is. It shows nobody's queries.
CREATE OR REPLACE FUNCTION herald.obstacles()
RETURNS TABLE (pid int, waits_for text, since timestamptz, waiters bigint, holder int, held_by text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT w.pid, w.what, w.since, w.waiters, b.pid,
         CASE WHEN b.pid = 0 THEN 'a prepared transaction: SELECT * FROM pg_prepared_xacts'
              ELSE format('%s of role %s, %s%s, its transaction is open since %s', coalesce(nullif(h.application_name, ''), 'a session'),
                          h.usename, coalesce(h.state, 'its state cannot be seen'), ' at ' || h.wait_event_type || ' ' || h.wait_event, coalesce(date_trunc('second', h.xact_start)::text, '?')) END
    FROM (SELECT DISTINCT ON (what) l.pid, t.what, l.waitstart AS since, count(*) OVER (PARTITION BY t.what) AS waiters
            FROM pg_locks l
            JOIN pg_stat_activity a ON a.pid = l.pid
            LEFT JOIN pg_class c ON c.oid = l.relation
           CROSS JOIN LATERAL (SELECT CASE WHEN l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND l.objid = 0 THEN 'the queue of notifications'
                                           WHEN c.oid IS NULL THEN l.locktype
                                           ELSE format('table %s.%I', c.relnamespace::regnamespace, c.relname) END AS what) t
           WHERE NOT l.granted AND l.waitstart < clock_timestamp() - interval '2 s' AND a.datname = current_database()
             AND (c.relnamespace = 'herald'::regnamespace OR t.what = 'the queue of notifications' OR a.application_name LIKE 'pgherald %' OR a.query ~ '^SELECT .* herald[.]')
           ORDER BY t.what, l.waitstart) w
   CROSS JOIN LATERAL (SELECT DISTINCT x AS pid FROM unnest(pg_blocking_pids(w.pid)) x) b
    LEFT JOIN pg_stat_activity h ON h.pid = b.pid
   ORDER BY w.since, b.pid
$$;
COMMENT ON FUNCTION herald.obstacles() IS
  'Public: who has waited for more than two seconds for a lock that pgherald needs (pid, '
  'waits_for, since, waiters), and which session is in the way (holder, held_by). Reads no table '
  'of herald.';
