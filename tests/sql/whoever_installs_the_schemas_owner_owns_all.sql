-- Functions call each other with their owner's rights, and nobody else has a right on them. An upgrade by another role than the first one's,
-- and a watch that a superuser types, leave nothing that belongs to another.
SELECT plan(12);
SELECT 'Herald owner ' || pg_backend_pid() AS owner, 'herald_member_' || pg_backend_pid() AS member, 'herald_writer_' || pg_backend_pid() AS writer \gset
DROP SCHEMA herald CASCADE;
CREATE ROLE :"owner";
CREATE ROLE :"member" IN ROLE :"owner";
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec
CREATE SCHEMA app AUTHORIZATION :"owner";
CREATE FUNCTION strangers() RETURNS bigint LANGUAGE sql AS $$
  SELECT (SELECT count(*) FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proowner <> n.nspowner)
       + (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relowner <> n.nspowner)
       + (SELECT count(*) FROM pg_type t WHERE t.typnamespace = n.oid AND t.typowner <> n.nspowner)
    FROM pg_namespace n WHERE n.nspname = 'herald'
$$;
SET ROLE :"owner";
\ir ../../sql/install.sql
CREATE TABLE app.things (id int PRIMARY KEY, j json);
CREATE TABLE app.logs (id int, k int) PARTITION BY LIST (k);
SELECT herald.watch('app.things'), herald.watch('app.logs');

-- what a newer version brings, here made by an older one's upgrade
RESET ROLE;
ALTER FUNCTION herald.is_raised OWNER TO postgres;
ALTER VIEW herald.ticking OWNER TO postgres;
ALTER TABLE herald.untold OWNER TO postgres;
ALTER DOMAIN herald.own_xid OWNER TO postgres;
DROP FUNCTION herald.is_own;
SELECT ok(strangers() >= 4, 'some of it is another role''s');
\ir ../../sql/install.sql
SET client_min_messages = warning;
SELECT is(strangers(), 0::bigint, 'installed by a superuser all of it is the owner''s');
SELECT is(current_user::text, session_user::text, 'who installs is who they were');
SET ROLE :"owner";
CREATE TABLE app.logs_1 PARTITION OF app.logs FOR VALUES IN (1);
RESET ROLE;
CREATE ROLE :writer;
GRANT USAGE ON SCHEMA app TO :writer;
GRANT INSERT ON app.things, app.logs TO :writer;
SET ROLE :writer;
SELECT lives_ok($$INSERT INTO app.things VALUES (1, '{"a": "\u0000"}')$$, 'a change that cannot be told fails no writer');
SELECT lives_ok('INSERT INTO app.logs VALUES (1, 1)', 'nor does one in a new partition');
SET ROLE :"owner";
SELECT lives_ok('SELECT herald.tick()', 'and it ticks');
SELECT is((SELECT array_agg(event ORDER BY event) FROM herald.changes), '{bulk,logs.insert}', 'both are told');

-- a superuser who watches
RESET ROLE;
CREATE TABLE app.more (id int PRIMARY KEY);
CREATE TABLE app.parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
ALTER TABLE app.more OWNER TO :"owner";
ALTER TABLE app.parts OWNER TO :"owner";
SELECT herald.watch('app.more'), herald.watch('app.parts'), herald.rule('app.more', 'who', 'insert', NULL, 'to_jsonb(current_user::text)');
SELECT is(strangers(), 0::bigint, 'a watch of a superuser''s is the owner''s');
INSERT INTO app.more VALUES (1);
SELECT is(test.last(), to_jsonb(:'owner'::text), 'its rules run with the owner''s rights');
SET ROLE :"owner";
SELECT lives_ok($$SELECT herald.watch('app.more'), herald.unrule('app.more'), herald.unwatch('app.parts')$$, 'and the owner may change it');

-- a member of the role
RESET ROLE;
DROP FUNCTION herald.is_own;
SET ROLE :"member";
\ir ../../sql/install.sql
SET client_min_messages = warning;
SELECT is(strangers(), 0::bigint, 'installed by a member all of it is the owner''s');
SELECT is(current_user::text, :'member', 'who stays a member');
RESET ROLE;
DROP OWNED BY :"owner", :writer CASCADE;
DROP ROLE :"owner", :"member", :writer;
SELECT finish();
