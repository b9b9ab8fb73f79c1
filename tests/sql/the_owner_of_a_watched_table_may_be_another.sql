-- A table that belongs to the application's role, and its schema: that role writes, alters and truncates as ever, and may not
-- touch what belongs to herald.
SELECT plan(9);
SELECT 'herald_app_' || pg_backend_pid() AS app \gset
CREATE ROLE :app;
CREATE SCHEMA app AUTHORIZATION :app;
SET ROLE :app;
CREATE TABLE app.things (id int PRIMARY KEY, v int);
CREATE TABLE app.logs (id int, k int) PARTITION BY LIST (k);
CREATE TABLE app.logs_1 PARTITION OF app.logs FOR VALUES IN (1);
RESET ROLE;
SELECT herald.watch('app.things', audience => '{v}'), herald.watch('app.logs');
SET ROLE :app;
INSERT INTO app.things VALUES (1, 1);
UPDATE app.things SET v = 3;
DELETE FROM app.things;
TRUNCATE app.things;
RESET ROLE;
SELECT is(test.told(), '{"things.insert 1","things.update 1","left 1","things.delete 1",things.truncate}', 'its owner''s writes are events');
SET ROLE :app;
ALTER TABLE app.things ADD COLUMN note text;
ALTER TABLE app.things ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY all_rows ON app.things USING (true);
INSERT INTO app.things VALUES (3, 3, 'n');
CREATE TABLE app.logs_2 PARTITION OF app.logs FOR VALUES IN (2);
INSERT INTO app.logs VALUES (1, 2);
TRUNCATE app.logs_1;
RESET ROLE;
SELECT is(test.told(5), '{"things.insert 3",logs.insert,bulk}', 'it may alter the table, and make partitions, without a right on herald');
SET ROLE :app;
SELECT throws_ok('SELECT herald.capture_1()', '42501', NULL, 'it cannot call the capture');
SELECT throws_ok('CREATE TRIGGER mine AFTER INSERT ON app.things FOR EACH ROW EXECUTE FUNCTION herald.capture_2()', '42501', 'permission denied for schema herald',
  'nor hang it elsewhere, even that which it needs for its partitions');
SELECT throws_ok($$CREATE TRIGGER mine AFTER TRUNCATE ON app.things EXECUTE FUNCTION herald.capture_2_truncate()$$, '42501', NULL, 'nor what tells of partitions');
SELECT throws_ok($$SELECT herald.unwatch('app.things')$$, '42501', NULL, 'nor unwatch');
SELECT lives_ok((SELECT format('DROP TRIGGER %I ON app.things', min(tgname)) FROM pg_trigger WHERE tgrelid = 'app.things'::regclass), 'what it owns it may take away: the triggers of its table');
SELECT lives_ok('DROP TABLE app.things, app.logs', 'and the tables');
RESET ROLE;
SELECT lives_ok($$SELECT herald.unwatch(target) FROM herald.watches$$, 'which can be unwatched then');
DROP OWNED BY :app CASCADE;
DROP ROLE :app;
SELECT finish();
