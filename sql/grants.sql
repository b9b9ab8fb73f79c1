-- grants.sql: nothing of herald is for everybody. Whoever owns the schema watches tables, makes streams and runs the daemon;
-- writers of watched tables need no right here, for trigger functions run with their owner's.
REVOKE ALL ON SCHEMA herald FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA herald FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA herald FROM PUBLIC;
