-- Every state that a statement makes is told, in order, also those that only the transaction itself ever saw.
SELECT plan(5);
CREATE TABLE things (id int PRIMARY KEY, v int);
SELECT herald.watch('things');
BEGIN;
INSERT INTO things VALUES (1, 1);
UPDATE things SET v = 2;
UPDATE things SET v = 3;
COMMIT;
SELECT is(test.told(), '{"things.insert 1","things.update 1","things.update 1"}', 'three statements are three events');
SELECT is((SELECT array_agg((row_was ->> 'v') || '>' || (row_now ->> 'v') ORDER BY id) FROM herald.changes WHERE event = 'things.update'), '{1>2,2>3}',
  'each begins where the one before has ended');
BEGIN;
UPDATE things SET v = 4;
UPDATE things SET v = 3;
COMMIT;
SELECT is(test.told(3), '{"things.update 1","things.update 1"}', 'there and back is two events');
BEGIN;
DELETE FROM things;
INSERT INTO things VALUES (1, 3);
DELETE FROM things;
COMMIT;
SELECT is(test.told(5), '{"things.delete 1","things.insert 1","things.delete 1"}', 'so is a row that comes again under its key');
SELECT is(test.map('things'), '[]', 'the map ends as the table does');
SELECT finish();
