-- 0004_history.sql: the log can be replicated, and a tick says more exactly which history it is of.
-- Where UPDATEs and DELETEs are published, as FOR ALL TABLES does, PostgreSQL refuses to prune a
-- table without a replica identity. The one index becomes it, because ids are unique anyway.
CREATE UNIQUE INDEX changes_identity ON herald.changes (xid, id);
ALTER TABLE herald.changes REPLICA IDENTITY USING INDEX changes_identity;
DROP INDEX herald.changes_by_xid;
ALTER INDEX herald.changes_identity RENAME TO changes_by_xid;

-- The last tick, made by this very cluster and timeline, is taken for one of this history. An
-- update is no restore.
-- The cluster may refuse to say who it is: see herald.origin().
DO $$
BEGIN
UPDATE herald.ticks t
   -- as herald.origin() says it
   SET origin = concat_ws('/', t.origin, d.oid, 'herald.ticks'::regclass::oid, extract(epoch FROM pg_postmaster_start_time()))
  FROM pg_database d
 WHERE d.datname = current_database() AND t.id = (SELECT max(id) FROM herald.ticks)
   AND t.origin = (SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) FROM pg_control_system());
EXCEPTION WHEN OTHERS THEN NULL;
END $$;
