-- UPDATE of the primary key: the event's key is the new one; the former stands in `old`, where a client that keeps a map by
-- key finds what to take away. Who has lost the row gets `left` with the former key.
SELECT plan(10);
CREATE TABLE things (id int PRIMARY KEY, v int);
SELECT herald.watch('things');
INSERT INTO things VALUES (1, 1), (2, 2), (3, 3);
UPDATE things SET id = 10, v = 5 WHERE id = 1;
SELECT is(test.last() -> 'key', '{"id": 10}', 'the key is the new one');
SELECT is(test.last() -> 'old', '{"v": 1, "id": 1}', 'old says the former one');
SELECT is(test.last() -> 'changed', '["v", "id"]', 'and changed names it');
SELECT is(test.map('things'), test.rows('things'), 'so the map equals the table');
UPDATE things SET id = id + 100;
SELECT is(test.map('things'), test.rows('things'), 'also when all rows change theirs');
BEGIN;
UPDATE things SET id = 1 WHERE id = 102;
UPDATE things SET id = 102 WHERE id = 103;
UPDATE things SET id = 103 WHERE id = 1;
COMMIT;
SELECT is(test.map('things'), test.rows('things'), 'and when two rows exchange theirs');

CREATE TABLE pairs (a int, b text, owner text, PRIMARY KEY (b, a));
SELECT herald.watch('pairs', audience => '{owner}');
INSERT INTO pairs VALUES (1, 'x', 'ann');
UPDATE pairs SET a = 2;
SELECT is(test.last() -> 'old', '{"a": 1}', 'of a key of several columns, old says those that have changed');
SELECT is(test.map('pairs', '{owner=ann}'), test.rows('pairs'), 'which is enough');
UPDATE pairs SET a = 3, owner = 'bob';
SELECT is(test.map('pairs', '{owner=ann}'), '[]', 'who had the row is left, by the former key');
SELECT is(test.map('pairs', '{owner=bob}'), test.rows('pairs'), 'who gets it has it by the new one only');
SELECT finish();
