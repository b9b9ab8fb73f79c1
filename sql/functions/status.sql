-- herald.status: one row for operators: where the log stands and what it holds.
CREATE OR REPLACE VIEW herald.status AS
  SELECT h.id AS head, h.at AS head_at,
         (SELECT min(t.id) FROM herald.ticks t) AS oldest, (SELECT min(t.at) FROM herald.ticks t) AS oldest_at,
         (SELECT count(*) FROM herald.watches) AS watches, (SELECT count(*) FROM herald.streams) AS streams,
         pg_total_relation_size('herald.changes') AS log_bytes,
         (SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.classid = 1751478881 AND l.objid = 1
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.granted) AS tickers
    FROM herald.ticks h ORDER BY h.id DESC LIMIT 1;
COMMENT ON VIEW herald.status IS 'Where the log stands: head and oldest tick, what is configured, bytes on disk, whether a ticker runs.';
