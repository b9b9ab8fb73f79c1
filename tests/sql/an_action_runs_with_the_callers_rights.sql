-- Row security and privileges of the role that calls are what an action has; the claims tell whose request it is.
SELECT plan(12);
SELECT 'herald_caller_' || pg_backend_pid() AS caller \gset
CREATE ROLE :caller;
CREATE SCHEMA app;
CREATE TABLE app.notes (id int PRIMARY KEY, owner text NOT NULL, text text);
INSERT INTO app.notes VALUES (1, 'ann', 'a'), (2, 'bob', 'b');
CREATE TABLE app.secrets (id int);
ALTER TABLE app.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.notes USING (owner = current_setting('request.jwt.claims')::jsonb ->> 'sub');
CREATE FUNCTION app.list(request jsonb) RETURNS jsonb LANGUAGE sql AS
  $$ SELECT jsonb_build_object('body', coalesce(jsonb_agg(text ORDER BY id), '[]')) FROM app.notes $$;
CREATE FUNCTION app.add(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO app.notes VALUES ((request #>> '{body,id}')::int, request #>> '{body,owner}', 'new');
  RETURN '{"status": 201}';
END $$;
CREATE FUNCTION app.peep(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', count(*)) FROM app.secrets $$;
CREATE FUNCTION app.path(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', current_setting('search_path')) $$;
CREATE FUNCTION app.closed(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
REVOKE EXECUTE ON FUNCTION app.closed(jsonb) FROM PUBLIC;
SELECT herald.action('GET', '/notes', 'app.list'), herald.action('POST', '/notes', 'app.add'), herald.action('GET', '/peep', 'app.peep'),
       herald.action('GET', '/path', 'app.path'), herald.action('GET', '/closed', 'app.closed');
GRANT USAGE ON SCHEMA app, herald TO :caller;
GRANT SELECT, INSERT ON app.notes TO :caller;
GRANT SELECT ON herald.actions TO :caller;
GRANT EXECUTE ON FUNCTION herald.act(text, text, jsonb), herald.action_function(text, text), herald.act_claims(jsonb), herald.act_answer(text, jsonb),
  herald.act_error(text, text), herald.printed_bytes(jsonb, bigint, int), herald.deep_bytes(jsonb, bigint), herald.told_bytes() TO :caller;

SET ROLE :caller;
SELECT is(herald.act('GET', '/notes', '{"claims": {"sub": "ann"}}') -> 'body', '["a"]', 'a row is seen by whose it is');
SELECT is(herald.act('GET', '/notes', '{"claims": {"sub": "bob"}}') -> 'body', '["b"]', 'and each sees theirs');
SELECT is(herald.act('GET', '/notes', '{}') -> 'body', '[]', 'without claims there is nothing to see');
SELECT is(herald.act('POST', '/notes', '{"claims": {"sub": "ann"}, "body": {"id": 3, "owner": "ann"}}') ->> 'status', '201', 'a row of one''s own may be written');
SELECT is(herald.act('POST', '/notes', '{"claims": {"sub": "ann"}, "body": {"id": 4, "owner": "bob"}}') - 'fault',
  '{"status": 403, "body": {"success": false, "errors": ["Not allowed"]}}', 'one of another''s is 403');
SELECT matches(herald.act('POST', '/notes', '{"claims": {"sub": "ann"}, "body": {"id": 4, "owner": "bob"}}') ->> 'fault', '^42501 .*row-level security',
  'and the log is told why');
SELECT is(herald.act('GET', '/peep', '{}') ->> 'status', '403', 'what the role may not read is 403');
SELECT is(herald.act('GET', '/closed', '{}') ->> 'status', '403', 'so is a function it may not call');
SET search_path = app, public;
SELECT is(herald.act('GET', '/path', '{}') ->> 'body', 'app, public', 'the search path is the caller''s');
RESET ROLE;

-- A schema of functions and operators that raise, in front of all others.
CREATE SCHEMA evil;
CREATE FUNCTION evil.caught() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil was called as %', current_user; END $$;
CREATE FUNCTION evil.format(text, text) RETURNS text LANGUAGE sql AS $$ SELECT '' FROM evil.caught() $$;
CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT '' FROM evil.caught() $$;
CREATE FUNCTION evil.get(jsonb, text) RETURNS jsonb LANGUAGE sql AS $$ SELECT $1 FROM evil.caught() $$;
CREATE FUNCTION evil.join(text, text) RETURNS text LANGUAGE sql AS $$ SELECT '' FROM evil.caught() $$;
CREATE FUNCTION evil.alike(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.caught() $$;
CREATE OPERATOR evil.-> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = evil.get);
CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.join);
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.alike);
CREATE DOMAIN evil.jsonb AS pg_catalog.jsonb CHECK (evil.caught());
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.caught());
CREATE FUNCTION app.plain(request pg_catalog.jsonb) RETURNS pg_catalog.jsonb LANGUAGE sql SET search_path = pg_catalog AS $$ SELECT '{"body": "plain"}'::jsonb $$;
SELECT herald.action('GET', '/plain', 'app.plain');
SELECT throws_ok('SET search_path = evil, public, pg_catalog; SELECT ''{}''::pg_catalog.jsonb -> ''a''::pg_catalog.text', 'P0001', NULL, 'the schema bites');
SET search_path = public;
-- In a session of its own, in which nothing has been compiled yet.
SELECT dblink_connect('evil', test.self()), dblink_exec('evil', 'SET search_path = evil, pg_catalog, public');
SELECT a AS plain FROM dblink('evil', $$SELECT herald.act('GET', '/plain', '{"claims": {"sub": "ann"}}')$$) AS r(a jsonb) \gset
SELECT a AS gone FROM dblink('evil', $$SELECT herald.act('GET', '/gone', '{}')$$) AS r(a jsonb) \gset
SELECT is(:'plain'::jsonb, '{"status": 200, "body": "plain", "fault": null}', 'a hostile search path is not followed');
SELECT is(:'gone'::jsonb ->> 'status', '404', 'not to an error either');
DROP OWNED BY :caller;
DROP ROLE :caller;
SELECT finish();
