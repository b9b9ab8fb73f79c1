-- Writers ring only while a session holds advisory lock 5 in share mode, which each daemon does that listens.
SELECT plan(12);
CREATE FUNCTION test.until_listeners(n bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR tries IN 1..2000 LOOP
    IF n = (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1751478881 AND objid = 5
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) THEN RETURN; END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RAISE 'there are not % listeners', n;
END $$;
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT dblink_connect('w', test.self()), dblink_connect('one', test.self()), dblink_connect('two', test.self());
SELECT dblink_exec('w', 'LISTEN herald');

SELECT dblink_exec('w', 'INSERT INTO things VALUES (1)');
SELECT is(test.heard('w'), '{}', 'nobody listens: a change does not ring');
SELECT * FROM dblink('w', $$SELECT herald.publish('t', 'e', '{}')::text$$) AS r(x text);
SELECT is(test.heard('w'), '{}', 'nor does publish');
SELECT herald.wake('always');
SELECT dblink_exec('w', 'INSERT INTO things VALUES (2)');
SELECT is(test.heard('w'), '{}', 'nor where each commit is to ring');
SELECT herald.wake('adaptive');
SELECT is(herald.tick(), 2::bigint, 'the first tick has all of it');
SELECT is(test.delivered(0), '{things.insert,e,things.insert}', 'every change');

SELECT * FROM dblink('one', 'SELECT pg_advisory_lock_shared(1751478881, 5)::text') AS r(x text);
SELECT * FROM dblink('two', 'SELECT pg_advisory_lock_shared(1751478881, 5)::text') AS r(x text);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (3)');
SELECT is(test.heard('w'), '{herald:}', 'two listen: it rings');
SELECT dblink_disconnect('one');
SELECT test.until_listeners(1);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (4)');
SELECT is(test.heard('w'), '{herald:}', 'one has died: it rings for the other');
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1751478881 AND mode = 'ExclusiveLock'
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())), 0::bigint, 'a writer keeps nothing');
SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', 'INSERT INTO things VALUES (5)');
SELECT dblink_disconnect('two');
SELECT dblink_exec('w', 'COMMIT');
SELECT is(test.heard('w'), '{herald:}', 'what has been rung is heard');
SELECT test.until_listeners(0);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (6)');
SELECT is(test.heard('w'), '{}', 'both have died: it does not ring');
SELECT pg_advisory_lock(1751478881, 5);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (7)');
SELECT is(test.heard('w'), '{herald:}', 'whoever takes the lock for himself stops no bell');
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1751478881 AND objid = 3
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())), 0::bigint, 'and nothing else is kept');
SELECT finish();
