-- Who owns herald and has TRIGGER on another's table can watch it, watch it again, and make and take rules.
SELECT plan(6);
SELECT 'herald_owner_' || pg_backend_pid() AS owner \gset
DROP SCHEMA herald CASCADE;
CREATE ROLE :owner;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec
CREATE TABLE things (id int PRIMARY KEY, v int);
CREATE TABLE logs (id int, k int) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
GRANT TRIGGER ON things, logs, logs_1 TO :owner;
SET ROLE :owner;
\ir ../../sql/install.sql
SELECT lives_ok($$SELECT herald.watch('things'), herald.watch('logs')$$, 'it watches');
SELECT lives_ok($$SELECT herald.watch('things', audience => '{v}'), herald.watch('logs', topic => 'journal')$$, 'it watches again');
SELECT lives_ok($$SELECT herald.rule('things', 'made', 'insert'), herald.rule('logs', 'made', 'insert')$$, 'makes rules');
SELECT lives_ok($$SELECT herald.unrule('things'), herald.unrule('logs')$$, 'takes them away');
RESET ROLE;
TRUNCATE things, logs;
SELECT is((SELECT array_agg(event ORDER BY id) FROM herald.changes), '{things.truncate,journal.truncate}', 'a truncate is one event each');
SET ROLE :owner;
SELECT lives_ok($$SELECT herald.unwatch('things'), herald.unwatch('logs')$$, 'and unwatches');
RESET ROLE;
DROP OWNED BY :owner CASCADE;
DROP ROLE :owner;
SELECT finish();
