-- install.sql: makes the example application. `pgherald migrate` or sql/install.sql must have
-- prepared the database.
--
--   psql -f contrib/example/install.sql YOUR_DATABASE
--
-- All is one transaction. A second run changes only what these files have changed since the first.
-- Tables and data come first, so that the sample rows are no events.
\set ON_ERROR_STOP on
\set QUIET on
\o /dev/null
\encoding UTF8
SET client_min_messages = warning;
BEGIN;
DO $$
BEGIN
  IF to_regnamespace('herald') IS NULL THEN
    RAISE EXCEPTION 'example: this database has no schema herald' USING HINT = 'Run ''pgherald migrate'' on it first.';
  END IF;
END $$;
CREATE SCHEMA IF NOT EXISTS example;
\ir functions.sql
\ir tables.sql
\ir data.sql
\ir watches.sql
\ir streams.sql
\ir actions.sql
COMMIT;
\o
