-- 0013_ddl.sql: what ordinary maintenance of the database does stops no tick and is told.
-- The lock of those who make ticks. It is a view because nobody's VACUUM, ANALYZE or REINDEX locks one.
CREATE VIEW herald.ticking AS SELECT 1 AS nothing;
COMMENT ON VIEW herald.ticking IS 'Locked by herald.tick() while it makes a tick; there is nothing in it.';

DROP FUNCTION IF EXISTS herald.watch_partitions(herald.watches);
