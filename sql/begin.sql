-- begin.sql: first step of every installation. Serialises installers (the lock goes with the transaction) and makes the
-- list of what has been applied. 1751478881 is 'hera': the first half of every advisory lock key of pgherald.
DO $$ BEGIN PERFORM pg_advisory_xact_lock(1751478881, 4); END $$;

CREATE SCHEMA IF NOT EXISTS herald;

CREATE TABLE IF NOT EXISTS herald.migrations (
  version    int PRIMARY KEY,
  name       text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

SET LOCAL check_function_bodies = off; -- functions may name functions that come later
