-- herald.status: one row for operators: where the log stands, what it holds, and what is wrong.
--   faults    watched tables whose capture failed last time, with the reason: watch them anew, or mend the rule
--   prepared  prepared transactions (of this database) that hold changes back: only their own
DROP VIEW IF EXISTS herald.status;
CREATE VIEW herald.status AS
  SELECT h.id AS head, h.at AS head_at,
         (SELECT min(t.id) FROM herald.ticks t) AS oldest, (SELECT min(t.at) FROM herald.ticks t) AS oldest_at,
         (SELECT count(*) FROM herald.watches) AS watches, (SELECT count(*) FROM herald.streams) AS streams,
         (SELECT s.wake FROM herald.settings s) AS wake,
         pg_total_relation_size('herald.changes') AS log_bytes,
         (SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 1751478881 AND l.objid = 1
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.granted) AS tickers,
         (SELECT jsonb_object_agg(w.target::text, f.reason) FROM herald.faults f JOIN herald.watches w ON w.id = f.watch) AS faults,
         (SELECT array_agg(p.gid) FROM pg_prepared_xacts p WHERE p.database = current_database()
             AND EXISTS (SELECT FROM pg_locks x JOIN pg_locks l USING (virtualtransaction) -- a prepared one's: no pid
                          WHERE x.transactionid = p.transaction AND x.pid IS NULL AND l.pid IS NULL
                            AND l.relation = 'herald.changes'::regclass AND l.mode = 'RowExclusiveLock')) AS prepared
    FROM herald.ticks h ORDER BY h.id DESC LIMIT 1;
COMMENT ON VIEW herald.status IS 'Where the log stands: head and oldest tick, what is configured, bytes on disk, whether a ticker runs, what is wrong.';
