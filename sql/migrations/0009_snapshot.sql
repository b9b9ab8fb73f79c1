-- 0009_snapshot.sql: a page of the log can leave out what a stream's snapshot showed. The functions
-- get one more parameter for that.
DROP FUNCTION IF EXISTS herald.replay(bigint, bigint, bigint, text[], text[], text[], text[], text[], text[], int);
DROP FUNCTION IF EXISTS herald.rest(pg_snapshot, pg_snapshot, bigint, text[], text[], text[], text[], text[], text[], int);
