-- One bulk event is enough for many faults. It stands behind all that its transaction tells: a client that has fetched anew
-- must not take an event for news that is older than what it fetched.
SELECT plan(3);
CREATE TABLE things (id int PRIMARY KEY, v int);
SELECT herald.watch('things');
SELECT herald.rule('things', 'changed', 'any', '1 / NEW.v IS NOT NULL');
INSERT INTO things VALUES (1, 0), (2, 0), (3, 0);
SELECT is(test.events(), '{bulk}', 'many faults of a transaction are one bulk event');
BEGIN;
UPDATE things SET v = 0, id = 11 WHERE id = 1;
UPDATE things SET v = 1 WHERE id = 11;
UPDATE things SET v = 0 WHERE id = 11;
UPDATE things SET id = 12 WHERE id = 11;
COMMIT;
SELECT is((test.events())[2:], '{changed,bulk}', 'events among them come first');
BEGIN;
UPDATE things SET id = 13 WHERE id = 12;
SAVEPOINT s;
UPDATE things SET v = 1 WHERE id = 13;
ROLLBACK TO s;
UPDATE things SET id = 14 WHERE id = 13;
COMMIT;
SELECT is((test.events())[4:], '{bulk}', 'an event that was taken back does not count');
SELECT finish();
