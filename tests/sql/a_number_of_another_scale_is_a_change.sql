-- What counts as changed is the text of a value, in psql as in the daemon, which compares no numbers.
BEGIN;
SELECT plan(4);
CREATE TABLE prices (id int PRIMARY KEY, amount numeric, doc jsonb, note text);
SELECT herald.watch('prices');
INSERT INTO prices VALUES (1, 1.0, '{"a": [1.0, {"b": 2}]}', 'x');
UPDATE prices SET amount = 1.00;
SELECT is(test.last() -> 'changed', '["amount"]', 'another scale is a change');
SELECT is((test.last() -> 'old')::text, '{"amount": 1.0}', 'and every digit is kept');
UPDATE prices SET doc = '{"a":[1.0,{"b":3}]}', note = 'x';
SELECT is(test.last() -> 'changed', '["doc"]', 'a nested value is compared as a whole');
UPDATE prices SET doc = '{"a":   [1.0, {"b": 3}]}', note = 'y';
SELECT is(test.last() -> 'changed', '["note"]', 'blanks are none');
SELECT finish();
ROLLBACK;
