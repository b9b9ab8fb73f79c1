-- install.sql on a database that has it: writers ring, or do not, as it was set; by the doorbell of this version.
SELECT plan(6);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'LISTEN herald');
SELECT test.listen();

SELECT herald.wake('never');
\ir ../../sql/install.sql
SELECT is((SELECT wake FROM herald.status), 'never', 'never stays');
SELECT dblink_exec('w', 'INSERT INTO things VALUES (1)');
SELECT is(test.heard('w'), '{}', 'and nobody rings');
SELECT herald.wake('always');
\ir ../../sql/install.sql
SELECT is((SELECT wake FROM herald.status), 'always', 'always stays');
SELECT pg_advisory_lock(1751478881, 3);
SELECT dblink_exec('w', 'INSERT INTO things VALUES (2)');
SELECT is(test.heard('w'), '{herald:}', 'and a change rings');

CREATE OR REPLACE FUNCTION herald.ring() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'the doorbell of another version'; END $$;
\ir ../../sql/install.sql
SELECT lives_ok('INSERT INTO things VALUES (3)', 'a doorbell of another version is replaced');
SELECT ok(NOT has_function_privilege('public', 'herald.ring()', 'EXECUTE'), 'and it is not for PUBLIC');
SELECT finish();
