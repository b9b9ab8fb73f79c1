-- grants.sql: nothing of herald is for everybody. Whoever owns the schema watches tables and makes streams; the daemon's role has
-- the least rights (functions/daemon.sql); writers of watched tables need none here, for trigger functions run with their owner's. What
-- is cloned to partitions anybody may have cloned (functions/partitions.sql).
REVOKE ALL ON SCHEMA herald FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA herald FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA herald FROM PUBLIC;
DO $$ BEGIN PERFORM herald.let_partition(w) FROM herald.watches w; PERFORM herald.let_recheck(); END $$;
