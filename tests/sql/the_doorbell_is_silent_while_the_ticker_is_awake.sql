-- wake('adaptive'): while another session holds advisory lock 3, which the ticker does when it polls, writers do not ring.
SELECT plan(11);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT is((SELECT wake FROM herald.status), 'adaptive', 'that is how a new installation is set');
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'LISTEN herald');
SELECT test.listen();

SELECT pg_advisory_lock(1751478881, 3);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (1)');
SELECT is(test.heard('w'), '{}', 'a committed change does not ring');
SELECT * FROM dblink('w', $$SELECT herald.publish('t', 'e', '{}')::text$$) AS r(x text);
SELECT is(test.heard('w'), '{}', 'nor does publish');
SELECT dblink_exec('w', 'BEGIN');
SELECT * FROM dblink('w', 'SELECT herald.mute()::text') AS r(x text);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (2)'), dblink_exec('w', 'COMMIT');
SELECT is(test.heard('w'), '{}', 'nor a bulk event');
SELECT is(herald.tick(), 2::bigint, 'a tick has them all the same');
SELECT is(test.delivered(0), '{things.insert,e,bulk}', 'every one');

SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', 'INSERT INTO things VALUES (3)');
SELECT pg_advisory_unlock(1751478881, 3);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (4)'), dblink_exec('w', 'COMMIT');
SELECT is(test.heard('w'), '{herald:}', 'once it is given up, the next change rings, of an open transaction too');
SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', 'INSERT INTO things VALUES (5)');
SELECT ok(pg_try_advisory_lock(1751478881, 3), 'a writer does not keep the lock while it is open');
SELECT dblink_exec('w', 'COMMIT');
SELECT is(test.heard('w'), '{herald:}', 'what has been rung is heard, whoever has the lock at the commit');

SELECT pg_advisory_unlock(1751478881, 3);
SELECT dblink_connect('reader', test.self());
SELECT * FROM dblink('reader', 'SELECT pg_advisory_lock_shared(1751478881, 3)::text') AS r(x text);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (6)');
SELECT is(test.heard('w'), '{herald:}', 'writers do not silence one another');
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1751478881 AND objid = 3
              AND pid <> (SELECT p FROM dblink('reader', 'SELECT pg_backend_pid()') AS r(p int))
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())), 0::bigint, 'and keep nothing');
SELECT finish();
