-- A watch that names columns lets these through, and sees changes of these only.
BEGIN;
SELECT plan(6);
CREATE TABLE users (id int PRIMARY KEY, email text, name text, owner text);
SELECT herald.watch('users', audience => '{owner}', columns => '{id,name}');

INSERT INTO users VALUES (1, 'a@example.com', 'Ann', 'x');
SELECT is(test.last() -> 'row', '{"id": 1, "name": "Ann"}', 'only the named columns are in the row');
UPDATE users SET email = 'b@example.com';
SELECT is(test.events(), '{users.insert}', 'a change of another column is no event');
UPDATE users SET name = 'Bea', email = 'c@example.com';
SELECT is(test.last() -> 'changed', '["name"]', 'only named columns count as changed');
UPDATE users SET owner = 'y';
SELECT is(test.events(), '{users.insert,users.update,users.update,left}', 'a change of the audience is an event all the same');

SELECT herald.watch('users', columns => '{id,name,email}', exclude => '{email}');
UPDATE users SET email = 'd@example.com', name = 'Cleo';
SELECT is(test.last() -> 'row', '{"id": 1, "name": "Cleo"}', 'exclude is stronger than columns');
ALTER TABLE users ADD COLUMN secret text DEFAULT 'later';
UPDATE users SET name = 'Dora';
SELECT is(test.last() -> 'row', '{"id": 1, "name": "Dora"}', 'a column that joins later is not let through');
SELECT finish();
ROLLBACK;
