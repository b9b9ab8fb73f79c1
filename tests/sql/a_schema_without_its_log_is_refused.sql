-- pg_dump -T herald.changes brings a schema without that table and what refers to it. The installation says so, and changes nothing.
SELECT plan(7);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
CREATE FUNCTION known() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace $$;
SET client_min_messages = error;
DROP TABLE herald.changes, herald.ticks CASCADE;
SELECT known() \gset
\set ON_ERROR_STOP off
\o /dev/null
\set VERBOSITY terse
\ir ../../sql/begin.sql
\o
SELECT is(:'LAST_ERROR_MESSAGE'::text, 'pgherald: the schema herald came from a dump without herald.changes, herald.ticks', 'without the log');
SELECT is(known(), :known::bigint, 'nothing is made');
DROP TABLE herald.pruned;
\ir ../../sql/begin.sql
SELECT is(:'LAST_ERROR_MESSAGE'::text, 'pgherald: the schema herald came from a dump without herald.changes, herald.ticks, herald.pruned', 'and any other table');
DROP TABLE herald.migrations;
\ir ../../sql/begin.sql
SELECT is(:'LAST_ERROR_MESSAGE'::text, 'pgherald: the schema herald came from a dump without herald.changes, herald.ticks', 'also where it does not say what version it is of');
SELECT is((SELECT count(*) FROM herald.watches), 1::bigint, 'what is watched stays to be read');
DROP SCHEMA herald CASCADE;
\set ON_ERROR_STOP on
\ir ../../sql/install.sql
SELECT lives_ok($$SELECT herald.watch('things')$$, 'made anew it installs');
DELETE FROM herald.migrations;
DROP TABLE herald.watches CASCADE;
\set ON_ERROR_STOP off
\o /dev/null
\ir ../../sql/begin.sql
\o
SELECT is(:'LAST_ERROR_MESSAGE'::text, 'pgherald: the schema herald came from a dump without herald.watches', 'nor without rows and one table');
SELECT finish();
