-- TRUNCATE of the log by hand: whoever resumes is told; what is written later goes on. At a subscriber of the log, and of both tables at
-- once, TRUNCATE is part of the way (sql/README.md).
SELECT plan(9);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
SELECT herald.tick();
INSERT INTO things VALUES (2);
SELECT herald.tick();
SELECT is(herald.cursor_fault(2), NULL, 'a cursor can be continued');
TRUNCATE herald.changes;
SELECT is(herald.cursor_fault(2), 'restored', 'and not after the log was emptied');
SELECT is(herald.cursor_fault(3), 'restored', 'nor can the last one');
SELECT tick AS jumped FROM herald.head() \gset
SELECT ok(:jumped > 4096 * 1000 * extract(epoch FROM now() - '2020-01-02'), 'ids have jumped');
INSERT INTO things VALUES (3);
SELECT is(herald.tick(), :jumped + 1, 'the log goes on from there');
SELECT is(test.delivered(0), '{things.insert}', 'with what is new');
BEGIN;
TRUNCATE herald.changes;
ROLLBACK;
SELECT is(herald.cursor_fault(:jumped + 1), NULL, 'one that is rolled back changes nothing');
TRUNCATE herald.changes, herald.ticks;
SELECT is((SELECT count(*) FROM herald.ticks), 0::bigint, 'of both tables nothing is left');
\ir ../../sql/install.sql
SELECT ok((SELECT tick FROM herald.head()) > :jumped + 1, 'and installing begins the log, past all of before');
SELECT finish();
