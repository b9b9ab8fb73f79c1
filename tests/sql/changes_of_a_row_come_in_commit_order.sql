-- Two sessions change one row in turn; whichever ticks lie between, the order is theirs.
SELECT plan(4);
CREATE TABLE things (id int PRIMARY KEY, v int);
SELECT herald.watch('things');
INSERT INTO things VALUES (1, 0);
SELECT herald.tick();
SELECT dblink_connect('a', test.self()), dblink_connect('b', test.self());

SELECT dblink_exec('a', 'BEGIN'), dblink_exec('a', 'INSERT INTO things VALUES (2, 0)'); -- an older transaction
SELECT dblink_exec('b', 'UPDATE things SET v = 1 WHERE id = 1');                        -- a younger one commits first
SELECT dblink_exec('a', 'UPDATE things SET v = 2 WHERE id = 1'), dblink_exec('a', 'COMMIT');
SELECT herald.tick();
SELECT is((SELECT array_agg(row_now::jsonb ->> 'v') FROM herald.read(3) WHERE key::jsonb = '{"id": 1}'),
  '{1,2}', 'within one tick they stand in the order of their ids, not of their transactions');

SELECT dblink_exec('a', 'BEGIN'), dblink_exec('a', 'UPDATE things SET v = 3 WHERE id = 1');
SELECT is(dblink_send_query('b', 'UPDATE things SET v = 4 WHERE id = 1'), 1, 'a second writer waits for the row');
SELECT dblink_exec('a', 'COMMIT');
SELECT * FROM dblink_get_result('b') AS r(status text);
SELECT herald.tick();
SELECT is((SELECT array_agg(row_now::jsonb ->> 'v') FROM herald.read(4)), '{3,4}', 'and gets the higher id');
SELECT is((SELECT array_agg(id) FROM herald.read(0)), (SELECT array_agg(id ORDER BY id) FROM herald.changes),
  'here the total order is that of the ids');
SELECT finish();
