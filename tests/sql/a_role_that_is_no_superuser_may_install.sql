-- What an installation needs: CREATE on the database. What a watch needs: USAGE on the table's schema and TRIGGER on the
-- table and on each of its partitions. The tables' rows stay closed to herald's owner.
SELECT plan(14);
SELECT 'herald_owner_' || pg_backend_pid() AS owner, 'herald_app_' || pg_backend_pid() AS app \gset
DROP SCHEMA herald CASCADE;
CREATE ROLE :owner;
CREATE ROLE :app;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec
CREATE SCHEMA app AUTHORIZATION :app;
SET ROLE :owner;
\ir ../../sql/install.sql
\ir ../../sql/install.sql
SET client_min_messages = warning;
RESET ROLE;
SELECT is((SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'herald'), :'owner', 'it is installed, twice');
SELECT is((SELECT count(*) FROM pg_proc WHERE pronamespace = 'herald'::regnamespace AND proowner <> :'owner'::regrole), 0::bigint, 'and owns all of it');

SET ROLE :app;
CREATE TABLE app.things (id int PRIMARY KEY, owner text);
CREATE TABLE app.logs (id int, k int) PARTITION BY LIST (k);
CREATE TABLE app.logs_1 PARTITION OF app.logs FOR VALUES IN (1);
RESET ROLE;
SET ROLE :owner;
SELECT throws_ok($$SELECT herald.watch('app.things')$$, '42501', 'permission denied for schema app', 'without USAGE on the schema it cannot name the table');
RESET ROLE;
GRANT USAGE ON SCHEMA app TO :owner;
SET ROLE :owner;
SELECT throws_ok($$SELECT herald.watch('app.things')$$, '42501', 'permission denied for table things', 'without TRIGGER on it it cannot watch it');
SELECT is((SELECT count(*) FROM herald.watches), 0::bigint, 'and leaves nothing behind');
RESET ROLE;
GRANT TRIGGER ON app.things, app.logs TO :owner;
SET ROLE :owner;
SELECT lives_ok($$SELECT herald.watch('app.things', audience => '{owner}')$$, 'with it it can');
SELECT throws_ok($$SELECT herald.watch('app.logs')$$, '42501', 'permission denied for table logs_1', 'of a partitioned table it needs it on the partitions too');
RESET ROLE;
GRANT TRIGGER ON app.logs_1 TO :owner;
SET ROLE :owner;
SELECT lives_ok($$SELECT herald.watch('app.logs')$$, 'and then can');
SELECT throws_ok('SELECT FROM app.things', '42501', NULL, 'it still cannot read what it watches');
SET ROLE :app;
INSERT INTO app.things VALUES (1, 'ann');
UPDATE app.things SET owner = 'bob';
INSERT INTO app.logs VALUES (1, 1);
TRUNCATE app.things, app.logs_1;
SET ROLE :owner;
SELECT is((SELECT array_agg(event ORDER BY id) FROM herald.changes), '{things.insert,things.update,left,logs.insert,things.truncate,bulk}', 'writes are events');
SELECT is(herald.tick(), 2::bigint, 'it can tick');
SELECT is((SELECT count(*) FROM herald.read(0)), 6::bigint, 'and read');
SELECT lives_ok($$SELECT herald.publish('t', 'e', '1'), herald.stream('/t', '{t}'), herald.wake('never'), herald.prune() FROM herald.status$$, 'publish, open streams, set how to wake, prune');
SELECT lives_ok($$SELECT herald.unwatch('app.things'), herald.unwatch('app.logs')$$, 'and unwatch, without owning the table');
RESET ROLE;
DROP OWNED BY :owner, :app CASCADE;
DROP ROLE :owner, :app;
SELECT finish();
