-- A routing column gets another type while sessions write: they go on; what they cannot tell of are `bulk` events until the
-- table is watched anew.
SELECT plan(6);
CREATE TABLE things (id int PRIMARY KEY, a int);
SELECT herald.watch('things', audience => '{a}');
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'INSERT INTO things VALUES (1, 1)'), dblink_exec('w', 'UPDATE things SET a = 2'); -- its plans are made
ALTER TABLE things ALTER COLUMN a TYPE text;
SELECT is(dblink_exec('w', $$INSERT INTO things VALUES (2, 'x')$$), 'INSERT 0 1', 'a session that has written before goes on');
SELECT is(dblink_exec('w', $$UPDATE things SET a = 'y' WHERE id = 2$$), 'UPDATE 1', 'with any operation');
SELECT is((SELECT count(*) FROM herald.changes), 5::bigint, 'no change is passed over');
SELECT herald.watch('things', audience => '{a}');
SELECT is(dblink_exec('w', $$INSERT INTO things VALUES (3, 'z')$$), 'INSERT 0 1', 'after watching anew it goes on too');
SELECT is((SELECT (event, audience)::text FROM herald.changes ORDER BY id DESC LIMIT 1), '(things.insert,{a=z})', 'and its change is an event as ever');
SELECT is((SELECT faults FROM herald.status), NULL, 'no fault is left');
SELECT finish();
