-- A writer with one snapshot for its whole transaction, while another one has noted a fault since: it goes on as well.
SELECT plan(7);
CREATE TABLE things (id int PRIMARY KEY, owner text);
SELECT herald.watch('things', audience => '{owner}');
ALTER TABLE things RENAME COLUMN owner TO holder;
SELECT dblink_connect('w', test.self());

BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is((SELECT count(*) FROM things), 0::bigint, 'a transaction begins');
SELECT dblink_exec('w', 'INSERT INTO things VALUES (1)');
SELECT lives_ok('INSERT INTO things VALUES (2)', 'repeatable read goes on');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT is((SELECT count(*) FROM things), 2::bigint, 'another begins');
SELECT dblink_exec('w', 'INSERT INTO things VALUES (3)');
SELECT lives_ok('INSERT INTO things VALUES (4)', 'serializable goes on');
COMMIT;
SELECT is((SELECT array_agg(id ORDER BY id) FROM things), '{1,2,3,4}', 'all rows are there');
SELECT is((SELECT count(*) FROM herald.untold), 4::bigint, 'and each transaction has noted that it could not be told');
SELECT test.tell();
SELECT is(test.events(), '{bulk}', 'of which one bulk event tells');
SELECT finish();
