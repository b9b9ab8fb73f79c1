-- A partitioned table that a stream names in `recheck`: its owner makes partitions without a right on herald, also after an installation.
SELECT plan(7);
SELECT 'herald_app_' || pg_backend_pid() AS app \gset
CREATE ROLE :app;
CREATE SCHEMA app AUTHORIZATION :app;
CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
SET ROLE :app;
CREATE TABLE app.members (who text, k int) PARTITION BY LIST (k);
CREATE TABLE app.plain (who text);
RESET ROLE;
SELECT herald.stream('/p', '{t}', authorize => 'public.may', recheck => '{"app.plain": "who"}');
SELECT ok(NOT has_function_privilege('public', 'herald.tell_recheck()', 'EXECUTE'), 'of a plain table nobody needs a right');
SELECT herald.stream('/s', '{t}', authorize => 'public.may', recheck => '{"app.members": "who"}');
SET ROLE :app;
SELECT lives_ok('CREATE TABLE app.members_1 PARTITION OF app.members FOR VALUES IN (1)', 'the owner makes a partition');
CREATE TABLE app.members_2 (k int, who text);
SELECT lives_ok('ALTER TABLE app.members ATTACH PARTITION app.members_2 FOR VALUES IN (2)', 'attaches one');
RESET ROLE;
\ir ../../sql/install.sql
SET client_min_messages = warning;
SET ROLE :app;
SELECT lives_ok('CREATE TABLE app.members_3 PARTITION OF app.members FOR VALUES IN (3)', 'also after an installation');
INSERT INTO app.members VALUES ('ann', 1), ('bob', 2), ('eve', 3);
CREATE TABLE app.mine (id int);
SELECT throws_ok('CREATE TRIGGER mine AFTER INSERT ON app.mine FOR EACH ROW EXECUTE FUNCTION herald.tell_recheck()', '42501', 'permission denied for schema herald', 'and can do nothing else with it');
RESET ROLE;
SELECT is((SELECT array_agg(data ->> 'sub' ORDER BY id) FROM herald.changes WHERE event = 'recheck'), '{ann,bob,eve}', 'each partition tells whom to ask again');
SELECT is((SELECT array_agg(proname::text) FROM pg_proc WHERE pronamespace = 'herald'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE')), '{tell_recheck}', 'PUBLIC has nothing else');
DROP OWNED BY :app CASCADE;
DROP ROLE :app;
SELECT finish();
