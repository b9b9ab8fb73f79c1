-- An UPDATE that leaves the row as it was is no event, whatever the columns' types.
BEGIN;
SELECT plan(5);
CREATE TABLE things (id int PRIMARY KEY, name text, place point, doc json);
INSERT INTO things VALUES (1, 'a', '(1,2)', '{"x": 1}'), (2, NULL, NULL, NULL);
SELECT herald.watch('things');

UPDATE things SET name = name;
SELECT is(test.events(), NULL, 'a row set to itself is no event, even of types without equality');
UPDATE things SET name = 'a' WHERE id = 1;
SELECT is(test.events(), NULL, 'a column set to the value it has is no event');
UPDATE things SET name = NULL WHERE id = 2;
SELECT is(test.events(), NULL, 'NULL set to NULL is no event');
UPDATE things SET name = 'b' WHERE id = 77;
SELECT is(test.events(), NULL, 'an update that hits no row is no event');
UPDATE things SET doc = '{"x": 2}' WHERE id = 1;
SELECT is(test.events(), '{things.update}', 'a real change is');
SELECT finish();
ROLLBACK;
