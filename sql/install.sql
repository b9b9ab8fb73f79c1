-- install.sql: installs the schema herald by psql alone.
--
--   psql -v ON_ERROR_STOP=1 -f sql/install.sql YOUR_DATABASE
--
-- `pgherald migrate` does the same with the same files in the same order. The build takes the list
-- of files from this page into the program.
-- Everything is one transaction, and one installer runs at a time.
-- A migration changes state. It is applied once, and herald.migrations notes it.
-- Functions are code. They are replaced by every installation.
-- A new function file gets a line below. Its place matters where the file does more than define.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET standard_conforming_strings = on;
SET statement_timeout = 0;
DO $$ BEGIN SET transaction_timeout = 0; EXCEPTION WHEN OTHERS THEN NULL; END $$; -- PostgreSQL 17 has it
SET idle_in_transaction_session_timeout = 0;
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
\ir begin.sql
\ir functions/patience.sql

-- Made from the directory migrations/ by `make migrations`.
\set migration 0001_log
\ir migration.sql
\set migration 0002_rows
\ir migration.sql
\set migration 0003_doorbell
\ir migration.sql
\set migration 0004_history
\ir migration.sql
\set migration 0005_bulk
\ir migration.sql
\set migration 0006_default
\ir migration.sql
\set migration 0007_gate
\ir migration.sql
\set migration 0008_actions
\ir migration.sql
\set migration 0009_snapshot
\ir migration.sql
\set migration 0010_shapes
\ir migration.sql
\set migration 0011_capture
\ir migration.sql
\set migration 0012_bounds
\ir migration.sql
\set migration 0013_ddl
\ir migration.sql
\set migration 0014_own_rows
\ir migration.sql
\set migration 0015_listeners
\ir migration.sql
\set migration 0016_rewrites
\ir migration.sql
\set migration 0017_numbers
\ir migration.sql
\set migration 0018_looks
\ir migration.sql
\set migration 0019_forwards
\ir migration.sql

\ir functions/names.sql
\ir functions/ring.sql
\ir functions/numbers.sql
\ir functions/match.sql
\ir functions/audience_source.sql
\ir functions/default_data.sql
\ir functions/renew_captures.sql
\ir functions/own.sql
\ir functions/settings.sql
\ir functions/bounds.sql
\ir functions/capture_source.sql
\ir functions/fault.sql
\ir functions/partitions.sql
\ir functions/moved.sql
\ir functions/hang.sql
\ir functions/capture.sql
\ir functions/watch.sql
\ir functions/rule.sql
\ir functions/policies.sql
\ir functions/doubts.sql
\ir functions/stream.sql
\ir functions/gate.sql
\ir functions/revoke.sql
\ir functions/recheck.sql
\ir functions/entitled.sql
\ir functions/ticket.sql
\ir functions/renewal.sql
\ir functions/action.sql
\ir functions/act.sql
\ir functions/publish.sql
\ir functions/forward.sql
\ir functions/history.sql
\ir functions/tick.sql
\ir functions/stopping.sql
\ir functions/read.sql
\ir functions/unreadable.sql
\ir functions/replay.sql
\ir functions/replay_many.sql
\ir functions/snapshot.sql
\ir functions/prune.sql
\ir functions/extents.sql
\ir functions/reshape.sql
\ir functions/types.sql
\ir functions/sample.sql
\ir functions/shape.sql
\ir functions/schema.sql
\ir functions/obstacles.sql
\ir functions/status.sql
\ir functions/explain.sql
\ir functions/explain_row.sql
\ir functions/comments.sql
\ir functions/own_rows.sql
\ir functions/daemon.sql
\ir functions/log_columns.sql
\ir functions/internal.sql
\ir grants.sql
COMMIT;

-- Triggers that are missing. Each table has a transaction of its own, so no lock is kept while the
-- installer waits for another one.
SELECT herald.unhung() \gexec
