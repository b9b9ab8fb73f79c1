-- grants.sql: PUBLIC gets nothing in the schema herald.
-- The owner of the schema watches tables and defines streams.
-- The role of the daemon has the least rights (functions/daemon.sql).
-- Writers of watched tables need no right here, because trigger functions run with their owner's
-- rights.
-- Everybody may execute the trigger functions that PostgreSQL clones to partitions
-- (functions/partitions.sql).
REVOKE ALL ON SCHEMA herald FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA herald FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA herald FROM PUBLIC;
DO $$ BEGIN PERFORM herald.let_partition(w) FROM herald.watches w; PERFORM herald.let_recheck(); END $$;
