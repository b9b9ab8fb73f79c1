-- ALTER TABLE … OWNER TO after herald.watch: the new owner makes, attaches and detaches partitions, without a right on herald; so it does
-- after the table has been watched, ruled and installed again.
SELECT plan(9);
SELECT 'herald_app_' || pg_backend_pid() AS app, 'herald_next_' || pg_backend_pid() AS next \gset
CREATE ROLE :app; CREATE ROLE :next;
CREATE SCHEMA app AUTHORIZATION :app;
GRANT ALL ON SCHEMA app TO :next;
SET ROLE :app;
CREATE TABLE app.logs (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
RESET ROLE;
SELECT herald.watch('app.logs');
ALTER TABLE app.logs OWNER TO :next;
SET ROLE :next;
SELECT lives_ok('CREATE TABLE app.logs_1 PARTITION OF app.logs FOR VALUES IN (1)', 'the owner of the day makes a partition');
CREATE TABLE app.logs_2 (k int NOT NULL, id int NOT NULL);
SELECT lives_ok('ALTER TABLE app.logs ATTACH PARTITION app.logs_2 FOR VALUES IN (2)', 'attaches one');
INSERT INTO app.logs VALUES (1, 1), (2, 2);
RESET ROLE;
SELECT herald.rule('app.logs', 'made', 'insert'), herald.unrule('app.logs');
ALTER TABLE app.logs OWNER TO :app;
ALTER TABLE app.logs_2 OWNER TO :app;
\ir ../../sql/install.sql
SET client_min_messages = warning;
SET ROLE :app;
SELECT lives_ok('CREATE TABLE app.logs_3 PARTITION OF app.logs FOR VALUES IN (3)', 'also after rules, another owner and an installation');
SELECT lives_ok('ALTER TABLE app.logs DETACH PARTITION app.logs_2', 'detaches');
INSERT INTO app.logs VALUES (3, 3);
SELECT throws_ok('SELECT herald.capture_1_insert()', '42501', 'permission denied for schema herald', 'and can do nothing else with it');
CREATE TABLE app.mine (id int, k int);
SELECT throws_ok('CREATE TRIGGER mine AFTER INSERT ON app.mine FOR EACH ROW EXECUTE FUNCTION herald.capture_1_insert()', '42501', 'permission denied for schema herald', 'on no table of its own');
RESET ROLE;
SELECT is(test.told(), '{"logs.insert 1,1","logs.insert 2,2","logs.insert 3,3"}', 'rows are events');
SELECT is((SELECT array_agg(proname) FROM pg_proc WHERE pronamespace = 'herald'::regnamespace AND proname !~ '^capture_1_[0-9a-f]+_(insert|update|delete)$' AND has_function_privilege('public', oid, 'EXECUTE')),
  NULL, 'PUBLIC has what is cloned, and nothing else');
-- a restore into another cluster: the number of what is excluded is another one, and the trigger functions are made anew
ALTER TABLE app.logs ADD secret text;
SELECT herald.watch('app.logs', exclude => '{secret}');
UPDATE herald.watches SET hidden = '{9}';
UPDATE herald.ticks SET origin = regexp_replace(origin, '^\d+', '1');
SELECT herald.attach();
SET ROLE :app;
SELECT lives_ok('CREATE TABLE app.logs_4 PARTITION OF app.logs FOR VALUES IN (4)', 'and after a restore');
RESET ROLE;
DROP OWNED BY :app, :next CASCADE;
DROP ROLE :app, :next;
SELECT finish();
