-- install.sql: the schema herald by psql alone; `pgherald migrate` does the same with the same files in the same order.
--
--   psql -v ON_ERROR_STOP=1 -f sql/install.sql YOUR_DATABASE
--
-- One transaction, one installer at a time. A migration (state) is applied once and noted in herald.migrations;
-- functions (code) are replaced every time. New files are added here: the program embeds the list from this page.
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

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 1) AS pending \gset
\if :pending
\ir migrations/0001_log.sql
INSERT INTO herald.migrations (version, name) VALUES (1, '0001_log');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 2) AS pending \gset
\if :pending
\ir migrations/0002_rows.sql
INSERT INTO herald.migrations (version, name) VALUES (2, '0002_rows');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 3) AS pending \gset
\if :pending
\ir migrations/0003_doorbell.sql
INSERT INTO herald.migrations (version, name) VALUES (3, '0003_doorbell');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 4) AS pending \gset
\if :pending
\ir migrations/0004_history.sql
INSERT INTO herald.migrations (version, name) VALUES (4, '0004_history');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 5) AS pending \gset
\if :pending
\ir migrations/0005_bulk.sql
INSERT INTO herald.migrations (version, name) VALUES (5, '0005_bulk');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 6) AS pending \gset
\if :pending
\ir migrations/0006_default.sql
INSERT INTO herald.migrations (version, name) VALUES (6, '0006_default');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 7) AS pending \gset
\if :pending
\ir migrations/0007_gate.sql
INSERT INTO herald.migrations (version, name) VALUES (7, '0007_gate');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 8) AS pending \gset
\if :pending
\ir migrations/0008_actions.sql
INSERT INTO herald.migrations (version, name) VALUES (8, '0008_actions');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 9) AS pending \gset
\if :pending
\ir migrations/0009_snapshot.sql
INSERT INTO herald.migrations (version, name) VALUES (9, '0009_snapshot');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 10) AS pending \gset
\if :pending
\ir migrations/0010_shapes.sql
INSERT INTO herald.migrations (version, name) VALUES (10, '0010_shapes');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 11) AS pending \gset
\if :pending
\ir migrations/0011_capture.sql
INSERT INTO herald.migrations (version, name) VALUES (11, '0011_capture');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 12) AS pending \gset
\if :pending
\ir migrations/0012_bounds.sql
INSERT INTO herald.migrations (version, name) VALUES (12, '0012_bounds');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 13) AS pending \gset
\if :pending
\ir migrations/0013_ddl.sql
INSERT INTO herald.migrations (version, name) VALUES (13, '0013_ddl');
\endif

SELECT NOT EXISTS (SELECT FROM herald.migrations WHERE version = 14) AS pending \gset
\if :pending
\ir migrations/0014_own_rows.sql
INSERT INTO herald.migrations (version, name) VALUES (14, '0014_own_rows');
\endif

\ir functions/names.sql
\ir functions/ring.sql
\ir functions/audience_source.sql
\ir functions/default_data.sql
\ir functions/renew.sql
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
\ir functions/doubts.sql
\ir functions/stream.sql
\ir functions/gate.sql
\ir functions/action.sql
\ir functions/act.sql
\ir functions/publish.sql
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
\ir functions/own_rows.sql
\ir functions/daemon.sql
\ir functions/log_columns.sql
\ir grants.sql
COMMIT;

-- Triggers that are missing, a table at a time: the lock on one is not kept while another's is waited for.
SELECT herald.unhung() \gexec
