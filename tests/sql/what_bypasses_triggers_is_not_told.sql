-- What contrib/doc/promises.md says is not captured: a session that plays a replica, and a table whose triggers are disabled. Neither
-- fails, and both are told of again as soon as that is over.
SELECT plan(7);
CREATE TABLE things (id int PRIMARY KEY, v int);
SELECT herald.watch('things');
SET session_replication_role = replica;
INSERT INTO things VALUES (1, 1);
UPDATE things SET v = 2;
DELETE FROM things;
TRUNCATE things;
SELECT is(test.told(), '{}', 'a replica''s writes are no events');
SET session_replication_role = local;
INSERT INTO things VALUES (2, 2);
RESET session_replication_role;
INSERT INTO things VALUES (3, 3);
SELECT is(test.told(), '{"things.insert 2","things.insert 3"}', 'other roles'' writes are');
ALTER TABLE things DISABLE TRIGGER USER;
UPDATE things SET v = 9;
SELECT is(test.told(2), '{}', 'with triggers disabled nothing is told');
ALTER TABLE things ENABLE TRIGGER USER;
UPDATE things SET v = 10 WHERE id = 2;
SELECT is(test.told(2), '{"things.update 2"}', 'enabled again, it is');
SELECT is(test.last() -> 'old', '{"v": 9}', 'from where the row is now');
SELECT format('ALTER TABLE things ENABLE ALWAYS TRIGGER %I', tgname) FROM pg_trigger WHERE tgrelid = 'things'::regclass AND NOT tgisinternal \gexec
SET session_replication_role = replica;
INSERT INTO things VALUES (4, 4);
UPDATE things SET v = 11 WHERE id = 4;
SELECT is(test.told(3), '{"things.insert 4","things.update 4"}', 'triggers that are enabled ALWAYS tell of a replica''s rows, as for logical replication');
RESET session_replication_role;
CREATE TABLE news (id int PRIMARY KEY);
CREATE RULE elsewhere AS ON INSERT TO news DO INSTEAD INSERT INTO things VALUES (NEW.id, 0);
SELECT herald.watch('news');
INSERT INTO news VALUES (7);
SELECT is(test.told(5), '{"things.insert 7"}', 'what a rewrite rule sends elsewhere is told from there');
SELECT finish();
