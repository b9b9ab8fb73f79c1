-- A client fetches anew at `bulk` and lets later events come on top. So it must stand behind every event of a row that
-- its transaction has changed after, also of one that another session wrote while it was open.
SELECT plan(4);
CREATE TABLE things (id int PRIMARY KEY, n int);
INSERT INTO things VALUES (1, 0), (2, 0);
SELECT herald.watch('things');
SELECT dblink_connect('w', test.self());

BEGIN;
SELECT herald.mute();
UPDATE things SET n = 1 WHERE id = 1;
SELECT dblink_exec('w', 'UPDATE things SET n = 1 WHERE id = 2');
UPDATE things SET n = 2 WHERE id = 2;
COMMIT;
SELECT herald.tick();
SELECT is(test.delivered(0), '{things.update,bulk}', 'it comes behind the older state of a row that it changed later');
SELECT is((SELECT upto FROM herald.head()), (SELECT max(id) FROM herald.changes), 'and is the last of its tick');

BEGIN;
SELECT herald.mute();
SAVEPOINT s;
UPDATE things SET n = 3 WHERE id = 1;
ROLLBACK TO SAVEPOINT s;
UPDATE things SET n = 3 WHERE id = 2;
SELECT dblink_exec('w', 'UPDATE things SET n = 3 WHERE id = 1');
UPDATE things SET n = 4 WHERE id = 1;
COMMIT;
SELECT is((test.events())[3:], '{things.update,bulk}', 'a savepoint that took one back changes nothing');

SELECT herald.rule('things', 'faulty', 'update', '1 / (NEW.n - 9) = 0');
BEGIN;
UPDATE things SET n = 9 WHERE id = 1;
SELECT dblink_exec('w', 'UPDATE things SET n = 5 WHERE id = 2');
UPDATE things SET n = 9 WHERE id = 2;
COMMIT;
SELECT test.tell();
SELECT is((test.events())[5:], '{faulty,bulk}', 'and so does that of a fault');
SELECT finish();
