-- Committed changes notify channel herald once a transaction; ticks notify herald_tick; streams herald_streams.
SELECT plan(8);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'LISTEN herald'), dblink_exec('w', 'LISTEN herald_tick'), dblink_exec('w', 'LISTEN herald_streams');
SELECT test.listen();

SELECT dblink_exec('w', 'INSERT INTO things VALUES (1)');
SELECT is(test.heard('w'), '{herald:}', 'a committed change rings, without a payload');
SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', 'INSERT INTO things SELECT generate_series(10, 20)'), dblink_exec('w', 'DELETE FROM things');
SELECT is(test.heard('w'), '{}', 'before the commit it does not');
SELECT dblink_exec('w', 'COMMIT');
SELECT is(test.heard('w'), '{herald:}', 'many changes of one transaction ring once');
SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', 'INSERT INTO things VALUES (2)'), dblink_exec('w', 'ROLLBACK');
SELECT is(test.heard('w'), '{}', 'a rollback does not ring');
SELECT * FROM dblink('w', $$SELECT herald.publish('t', 'e', '{}')::text$$) AS r(x text);
SELECT is(test.heard('w'), '{herald:}', 'publish rings');
SELECT * FROM dblink('w', 'SELECT herald.tick()') AS r(x bigint);
SELECT is(test.heard('w'), '{herald_tick:}', 'a tick tells the other instances');
SELECT * FROM dblink('w', 'SELECT herald.tick()') AS r(x bigint);
SELECT is(test.heard('w'), '{}', 'no news, no noise');
SELECT * FROM dblink('w', $$SELECT herald.stream('/x', '{t}')::text$$) AS r(x text);
SELECT is(test.heard('w'), '{herald_streams:}', 'a new stream is told to the instances');
SELECT finish();
