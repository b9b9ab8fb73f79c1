-- ENABLE ALWAYS, for tables that logical replication writes; ENABLE REPLICA; DISABLE: watching again, rules and installing leave them.
SELECT plan(9);
CREATE FUNCTION states(target text DEFAULT 'things') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(substring(tgname FROM 9) || ':' || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = target::regclass AND tgname LIKE '!herald%' $$;
CREATE TABLE things (id int PRIMARY KEY, v int);
SELECT herald.watch('things');
SELECT format('ALTER TABLE things ENABLE ALWAYS TRIGGER %I', tgname) FROM pg_trigger WHERE tgrelid = 'things'::regclass \gexec
SELECT herald.watch('things', audience => '{v}');
SELECT is(states(), 'delete:A insert:A truncate:A update:A', 'ENABLE ALWAYS, watched again');
SELECT herald.rule('things', 'changed', 'update');
SELECT is(states(), 'update:A', 'with a rule');
SELECT herald.unrule('things');
SELECT is(states(), 'delete:A insert:A truncate:A update:A', 'what comes new is as what is there, where that sees replicated changes');
ALTER TABLE things DISABLE TRIGGER "!herald_update", ENABLE REPLICA TRIGGER "!herald_delete";
SELECT herald.watch('things', audience => '{}'), herald.rule('things', 'changed', 'any');
SELECT is(states(), 'delete:R insert:A truncate:A update:D', 'ENABLE REPLICA and DISABLE');
\ir ../../sql/install.sql
SELECT is(states(), 'delete:R insert:A truncate:A update:D', 'installed again');
-- a function of another name, as an older version had: the trigger is hung anew
SELECT format('ALTER FUNCTION %s RENAME TO capture_1_former', herald.capture_name(w, 'update')) FROM herald.watches w \gexec
DROP TRIGGER "!herald_insert" ON things;
\ir ../../sql/install.sql
SET client_min_messages = warning;
SELECT is(states(), 'delete:R insert:O truncate:A update:D', 'what is hung anew is as it was');
SELECT is((SELECT array_agg(DISTINCT tgfoid::regproc::text) FROM pg_trigger WHERE tgrelid = 'things'::regclass AND tgfoid = 'herald.capture_1_former()'::regprocedure), NULL,
  'installing hangs what is missing, or calls another function');

CREATE TABLE logs (id int, k int) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
SELECT herald.watch('logs');
ALTER TABLE logs_1 DISABLE TRIGGER ALL;
SELECT herald.watch('logs'), herald.rule('logs', 'changed', 'any');
SELECT is(states('logs_1'), 'delete:D insert:D truncated:D update:D', 'on a partition too');
SELECT is(states('logs'), 'delete:O insert:O truncate:O truncated:O update:O', 'and not on others');
SELECT finish();
