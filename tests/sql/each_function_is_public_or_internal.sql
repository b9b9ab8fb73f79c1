-- The schema herald has functions for users and others. \df+ tells them apart by their comments: "Public" or "Internal".
SELECT plan(16);
CREATE VIEW functions AS SELECT p.oid, p.proname::text AS name, p.proargnames AS args, obj_description(p.oid, 'pg_proc') AS says
  FROM pg_proc p WHERE p.pronamespace = 'herald'::regnamespace;
SELECT is((SELECT array_agg(name ORDER BY name) FROM functions WHERE says LIKE 'Public: %'),
  '{act,action,event_data,grant_daemon,mute,obstacles,prune,publish,recheck,revoke,rule,schema,stream,unaction,unrule,unstream,unwatch,watch}',
  'the public functions are these');
SELECT is((SELECT array_agg(name) FROM functions WHERE says NOT LIKE 'Public: %' AND says NOT LIKE 'Internal: %' OR says IS NULL), NULL,
  'every other one is internal, and says so');
SELECT is((SELECT array_agg(name) FROM functions WHERE says LIKE 'Public: %' AND says !~ '[.]$'), NULL, 'sentences');
SELECT is((SELECT array_agg(name || ': ' || a) FROM functions, pg_proc p, unnest(p.proargnames) a WHERE p.oid = functions.oid AND says LIKE 'Public: %' AND says !~ ('\m' || a || '\M')), NULL,
  'what a public function takes and returns by name is in its comment');
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT is((SELECT array_agg(name) FROM functions WHERE says IS NULL AND name !~ '^capture_\d+_[0-9a-f]{8}_[a-z]+$'), NULL, 'a trigger function that was generated says it by its name');

CREATE VIEW relations AS SELECT c.oid, c.relname::text AS name, obj_description(c.oid, 'pg_class') AS says
  FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace AND c.relkind IN ('r', 'v');
SELECT is((SELECT array_agg(name ORDER BY name) FROM relations WHERE says LIKE 'Public: %'),
  '{actions,changes,forwards,migrations,revocations,rules,status,streams,ticks,undelivered,unreadable,watches}', 'the tables and views that users see are these');
SELECT is((SELECT array_agg(name) FROM relations WHERE says IS NULL), NULL, 'all tables and views have a comment');
SELECT is((SELECT array_agg(r.name || '.' || a.attname) FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE r.says LIKE 'Public: %' AND col_description(r.oid, a.attnum) IS NULL), NULL, 'and each column that users see has one');

-- an installation makes good what is missing, and takes no lock for what is there
CREATE TABLE before AS SELECT says, name FROM functions UNION ALL SELECT says, name FROM relations;
COMMENT ON FUNCTION herald.watch(regclass, text, text[], text[], text[], text) IS NULL;
COMMENT ON FUNCTION herald.head() IS NULL;
COMMENT ON TABLE herald.rules IS 'mine';
SELECT dblink_connect('vacuum', test.self()), dblink_exec('vacuum', 'BEGIN; LOCK TABLE herald.changes, herald.ticks IN SHARE UPDATE EXCLUSIVE MODE');
\ir ../../sql/install.sql
SELECT set_eq('SELECT says, name FROM functions UNION ALL SELECT says, name FROM relations', 'SELECT * FROM before', 'installed again, all is said again');
SELECT is(herald.tick(), NULL, 'ticks go on');
SELECT dblink_exec('vacuum', 'ROLLBACK');
-- where a VACUUM that gives way to nobody is at work a comment waits for the next installation
COMMENT ON TABLE herald.changes IS NULL;
COMMENT ON COLUMN herald.changes.id IS NULL;
COMMENT ON TABLE herald.ticks IS NULL;
SELECT dblink_exec('vacuum', 'BEGIN; LOCK TABLE herald.changes IN SHARE UPDATE EXCLUSIVE MODE');
\ir ../../sql/install.sql
SELECT is(obj_description('herald.changes'::regclass, 'pg_class'), NULL, 'a comment that cannot be written stops no installation');
SELECT matches(obj_description('herald.ticks'::regclass, 'pg_class'), '^Public', 'nor the others');
SELECT dblink_exec('vacuum', 'ROLLBACK'), dblink_disconnect('vacuum');
\ir ../../sql/install.sql
SELECT set_eq('SELECT says, name FROM functions UNION ALL SELECT says, name FROM relations', 'SELECT * FROM before', 'the next one writes it');
SELECT matches(col_description('herald.changes'::regclass, 1), '^Number', 'of columns too');
SELECT is((SELECT count(*) FROM pg_description d JOIN relations r ON r.oid = d.objoid WHERE d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND r.says LIKE 'Internal%'), 0::bigint,
  'columns of internal tables are told by their table');
SELECT ok((SELECT bool_and(length(says) BETWEEN 20 AND 800) FROM functions WHERE says IS NOT NULL), 'none is an essay');
SELECT finish();
