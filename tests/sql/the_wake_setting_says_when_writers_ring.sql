-- herald.wake: always rings whoever is awake, never does not; what is unknown is refused.
SELECT plan(15);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'LISTEN herald');
SELECT test.listen();
SELECT pg_advisory_lock(1751478881, 3);

SELECT ok(herald.wake('always'), 'another setting is a change');
SELECT ok(NOT herald.wake('always'), 'the same is none');
SELECT is((SELECT wake FROM herald.status), 'always', 'the status shows it');
SELECT dblink_exec('w', 'INSERT INTO things VALUES (1)');
SELECT is(test.heard('w'), '{herald:}', 'always: a change rings though the ticker is awake');
SELECT pg_advisory_unlock(1751478881, 3);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (2)');
SELECT is(test.heard('w'), '{herald:}', 'and when it sleeps');

SELECT ok(herald.wake('never'), 'never: it can be changed');
SELECT dblink_exec('w', 'INSERT INTO things VALUES (3)');
SELECT is(test.heard('w'), '{}', 'a session that had rung before does not ring any more');
SELECT * FROM dblink('w', $$SELECT herald.publish('t', 'e', '{}')::text$$) AS r(x text);
SELECT is(test.heard('w'), '{}', 'nor does publish');
SELECT is(herald.tick(), 2::bigint, 'a tick has the changes all the same');
SELECT ok(herald.wake('adaptive'), 'adaptive: it can be changed back');
SELECT dblink_exec('w', 'INSERT INTO things VALUES (4)');
SELECT is(test.heard('w'), '{herald:}', 'and changes ring again');

SELECT throws_ok($$SELECT herald.wake('often')$$, '22023', 'pgherald: wake ''often'' is unknown', 'an unknown mode is refused');
SELECT throws_ok('SELECT herald.wake(NULL)', '22023', 'pgherald: wake NULL is unknown', 'NULL too');
SELECT is((SELECT wake FROM herald.status), 'adaptive', 'and changes nothing');
SELECT throws_ok('INSERT INTO herald.settings (only_row, wake) VALUES (false, ''never'')', '23514', NULL, 'there is one setting, not two');
SELECT finish();
