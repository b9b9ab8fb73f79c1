-- What a watch excludes is in no row of herald.changes; a change of nothing else is no event.
BEGIN;
SELECT plan(6);
CREATE TABLE users (id int PRIMARY KEY, email text, password_hash text);
SELECT herald.watch('users', exclude => '{password_hash}');

INSERT INTO users VALUES (1, 'a@example.com', 'secret-one');
UPDATE users SET password_hash = 'secret-two';
SELECT is(test.events(), '{users.insert}', 'a change of an excluded column only is no event');
UPDATE users SET password_hash = 'secret-three', email = 'b@example.com';
SELECT is(test.last() -> 'row', '{"id": 1, "email": "b@example.com"}', 'the row of an update lacks it');
SELECT is(test.last() -> 'old', '{"email": "a@example.com"}', 'the old values lack it');
SELECT is(test.last() -> 'changed', '["email"]', 'the names of changed columns lack it');
DELETE FROM users;
SELECT is(test.last() -> 'old', '{"id": 1, "email": "b@example.com"}', 'the old row of a delete lacks it');
SELECT is((SELECT count(*) FROM herald.changes c WHERE c::text ~ 'secret|password'), 0::bigint, 'no row of the log knows of it');
SELECT finish();
ROLLBACK;
