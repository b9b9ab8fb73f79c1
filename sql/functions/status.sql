-- herald.status: one row for operators: where the log stands, what it holds, and what is wrong.
--   faults      watched tables whose capture failed last time, with the reason. Watch them again,
--               or mend the rule
--   waiting     who waits for a lock that herald needs, and who is in the way (obstacles.sql)
--   unreadable  changes that the server cannot hand out (table herald.unreadable). bulk is told in
--               their place
--   prepared    prepared transactions of this database that hold back their own changes
-- Others may have a right on the view, or views of their own. So a new column comes last.
CREATE OR REPLACE VIEW herald.status AS
  SELECT h.id AS head, h.at AS head_at,
         (herald.first_tick()).id AS oldest, (herald.first_tick()).at AS oldest_at,
         (SELECT count(*) FROM herald.watches) AS watches, (SELECT count(*) FROM herald.streams) AS streams,
         (SELECT s.wake FROM herald.settings s) AS wake,
         CASE WHEN NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = 'herald.changes'::regclass AND l.mode = 'AccessExclusiveLock'
                                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
              -- whoever asks why all stands still need not wait for it
              THEN pg_total_relation_size('herald.changes') END AS log_bytes,
         (SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 1751478881 AND l.objid = 1
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.granted) AS tickers,
         (SELECT jsonb_object_agg(w.target::text, f.reason) FROM herald.faults f JOIN herald.watches w ON w.id = f.watch) AS faults,
         (SELECT array_agg(p.gid) FROM pg_prepared_xacts p WHERE p.database = current_database()
             -- of a prepared one: it has no pid
             AND EXISTS (SELECT FROM pg_locks x JOIN pg_locks l USING (virtualtransaction)
                          WHERE x.transactionid = p.transaction AND x.pid IS NULL AND l.pid IS NULL
                            AND l.relation = 'herald.changes'::regclass AND l.mode = 'RowExclusiveLock')) AS prepared,
         (SELECT count(*) FROM herald.unreadable) AS unreadable,
         (SELECT array_agg(format('%s waits for %s since %s: process %s is in the way, %s', o.pid, o.waits_for, date_trunc('second', o.since),
                                  o.holder, o.held_by)) FROM herald.obstacles() o) AS waiting
    FROM herald.ticks h ORDER BY h.id DESC LIMIT 1;
COMMENT ON VIEW herald.status IS 'Public: one row for operators: where the log stands, what it holds, what is configured, and what is wrong.';
COMMENT ON COLUMN herald.status.head IS 'Id of the last tick.';
COMMENT ON COLUMN herald.status.head_at IS 'When the last tick was made.';
COMMENT ON COLUMN herald.status.oldest IS 'Id of the oldest tick that is retained.';
COMMENT ON COLUMN herald.status.oldest_at IS 'When that was made: streams resume from then on.';
COMMENT ON COLUMN herald.status.watches IS 'How many tables are watched.';
COMMENT ON COLUMN herald.status.streams IS 'How many streams are defined.';
COMMENT ON COLUMN herald.status.wake IS 'How writers wake the ticker: adaptive, always or never.';
COMMENT ON COLUMN herald.status.log_bytes IS 'Bytes of herald.changes on disk, with its index. NULL while the table is locked.';
COMMENT ON COLUMN herald.status.tickers IS 'How many instances make ticks: 1, or 0 where no daemon runs.';
COMMENT ON COLUMN herald.status.faults IS '{"<table>": "<reason>"} for watched tables whose capture failed last time: mend the rule, or watch the table again.';
COMMENT ON COLUMN herald.status.prepared IS 'Prepared transactions of this database that hold their own changes back.';
COMMENT ON COLUMN herald.status.unreadable IS 'How many changes the server cannot hand out (table herald.unreadable).';
COMMENT ON COLUMN herald.status.waiting IS 'Who waits for a lock that pgherald needs, and who is in the way (herald.obstacles).';

-- A role that may read the view needs to call what it calls. Versions before 14 called nothing.
-- This is for the roles that could read it then.
DO $$
DECLARE
  reader regrole;
BEGIN
  FOR reader IN SELECT a.grantee FROM pg_class c, aclexplode(c.relacl) a
                 WHERE c.oid = 'herald.status'::regclass AND a.privilege_type = 'SELECT' AND a.grantee NOT IN (0, c.relowner) LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION herald.first_tick, herald.obstacles TO %s', reader);
  END LOOP;
END $$;

-- herald.queue_usage(): how many millionths of PostgreSQL's queue of notifications are used.
-- Where the queue is full, every commit with a NOTIFY in the cluster fails. A session that listens
-- and stays in a transaction keeps all that came after. NULL: it may not be known.
CREATE OR REPLACE FUNCTION herald.queue_usage() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN 1000000 * pg_notification_queue_usage();
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END $$;
