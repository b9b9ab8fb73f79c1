-- In a transaction with one snapshot for all statements herald.tick could not see what it locks against: it refuses.
SELECT plan(4);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT throws_ok('SELECT herald.tick()', '25000', 'pgherald: herald.tick() needs READ COMMITTED', 'repeatable read is refused');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT throws_ok('SELECT herald.tick()', '25000', 'pgherald: herald.tick() needs READ COMMITTED', 'serializable is refused');
ROLLBACK;
SELECT lives_ok('SELECT herald.tick()', 'read committed is served');
CREATE TABLE things (id int);
SELECT herald.watch('things');
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO things VALUES (1);
COMMIT;
SELECT is(herald.tick(), 2::bigint, 'writers may use any level');
SELECT finish();
