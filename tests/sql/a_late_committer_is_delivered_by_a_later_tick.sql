-- A transaction that wrote early and commits late: its changes are not skipped, and hold nothing else back.
SELECT plan(9);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
CREATE FUNCTION rows_of(t bigint) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(key::jsonb ->> 'id') FROM herald.read(t) WHERE tick = t $$;

SELECT dblink_connect('late', test.self()), dblink_connect('later', test.self());
SELECT dblink_exec('late', 'BEGIN'), dblink_exec('late', 'INSERT INTO things VALUES (1)');
INSERT INTO things VALUES (2);
SELECT dblink_exec('later', 'BEGIN'), dblink_exec('later', 'INSERT INTO things VALUES (3)');

SELECT is(herald.tick(), 2::bigint, 'a tick is made while two transactions are open');
SELECT is(rows_of(2), '{2}', 'it holds what was committed, and waits for nobody');
SELECT is(herald.tick(), NULL, 'nothing becomes visible by itself');

SELECT dblink_exec('later', 'INSERT INTO things VALUES (4)'), dblink_exec('later', 'COMMIT');
INSERT INTO things VALUES (5);
SELECT is(herald.tick(), 3::bigint, 'the younger of the two commits');
SELECT is(rows_of(3), '{3,4,5}', 'and is delivered whole, in the order of ids');

SELECT dblink_exec('late', 'INSERT INTO things VALUES (6)'), dblink_exec('late', 'COMMIT');
SELECT is(herald.tick(), 4::bigint, 'the older one commits last');
SELECT is(rows_of(4), '{1,6}', 'and is delivered whole, though its first id is the lowest of all');

SELECT dblink_exec('late', 'BEGIN'), dblink_exec('late', 'INSERT INTO things VALUES (7)');
INSERT INTO things VALUES (8);
SELECT herald.tick();
SELECT dblink_exec('late', 'ROLLBACK');
SELECT is(herald.tick(), NULL, 'one that rolls back after a tick has passed it makes none');
SELECT is((SELECT array_agg(key::jsonb ->> 'id') FROM herald.read(0)), '{2,3,4,5,1,6,8}',
  'every committed change is in the order once');
SELECT finish();
