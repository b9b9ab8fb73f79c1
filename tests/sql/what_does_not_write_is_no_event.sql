-- Reading, locking, explaining and what only moves bytes about is none.
SELECT plan(5);
CREATE TABLE things (id int PRIMARY KEY, v int);
CREATE TABLE children (id int PRIMARY KEY, thing int REFERENCES things);
INSERT INTO things VALUES (1, 1), (2, 2);
SELECT herald.watch('things');
BEGIN;
SELECT count(*) FROM (SELECT * FROM things FOR UPDATE) a, (SELECT * FROM things FOR NO KEY UPDATE) b, (SELECT * FROM things FOR SHARE) c \g /dev/null
LOCK TABLE things;
INSERT INTO children VALUES (1, 1);
COMMIT;
SELECT is(test.told(), '{}', 'a row that is locked, or referred to, has not changed');
EXPLAIN UPDATE things SET v = 9 \g /dev/null
PREPARE writing AS UPDATE things SET v = 9;
SELECT is(test.told(), '{}', 'a statement that is explained or prepared has written nothing');
VACUUM FULL things;
CLUSTER things USING things_pkey;
ANALYZE things;
REINDEX TABLE things;
SELECT is(test.told(), '{}', 'nor has the upkeep of the table');
EXPLAIN (ANALYZE) UPDATE things SET v = 9 WHERE id = 1 \g /dev/null
SELECT is(test.told(), '{"things.update 1"}', 'EXPLAIN ANALYZE has');
EXECUTE writing;
SELECT is(test.told(1), '{"things.update 2"}', 'a prepared statement has when it is executed');
SELECT finish();
