-- The capture runs with its owner's rights. A writer who puts functions, operators, types and tables of its own before those of
-- pg_catalog, in search_path and in pg_temp, gets none of them called there, nor changes what is told.
SELECT plan(7);
CREATE TABLE things (id int PRIMARY KEY, v int, owner text, tags text[], secret text);
CREATE TABLE ruled (id int PRIMARY KEY, v int, owner text);
SELECT herald.watch('things', audience => '{owner,tags}', exclude => '{secret}'), herald.watch('ruled', audience => '{owner}');
SELECT herald.rule('ruled', 'grown', 'any', 'coalesce(NEW.v, 0) > 1 AND NEW.owner = ''ann''', 'jsonb_build_object(''v'', NEW.v) || to_jsonb(NEW.owner)'),
       herald.rule('ruled', 'whole', 'any');
CREATE TABLE trapped (id serial, by name, what text);
GRANT ALL ON things, ruled, trapped, trapped_id_seq TO PUBLIC;
SELECT 'herald_hostile_' || pg_backend_pid() AS writer \gset
CREATE ROLE :writer;
CREATE SCHEMA hostile AUTHORIZATION :writer;
SET ROLE :writer;
-- Each with the very types that it would be called with, so that it would be preferred; each tells of its call.
CREATE FUNCTION hostile.trap(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.trapped (by, what) VALUES (current_user, what);
  RETURN NULL;
END $$;
CREATE PROCEDURE hostile.trap_function(place text, name text, args text, result text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE FUNCTION %s.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', place, name, args, result,
                 format('BEGIN PERFORM hostile.trap(%L); %s; END', name, CASE result WHEN 'void' THEN 'RETURN' ELSE 'RETURN NULL' END));
END $$;
CREATE PROCEDURE hostile.trap_operator(name text, l text, r text, result text) LANGUAGE plpgsql AS $$
DECLARE
  fn text := format('%s %s %s', name, l, r);
BEGIN
  CALL hostile.trap_function('hostile', fn, l || ', ' || r, result);
  EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = hostile.%I)', name, l, r, fn);
END $$;
DO $$
DECLARE
  place text;
  f text[];
BEGIN
  FOREACH place IN ARRAY '{hostile,pg_temp}'::text[] LOOP
    FOREACH f SLICE 1 IN ARRAY ARRAY[['to_jsonb', 'public.things', 'jsonb'], ['to_jsonb', 'public.ruled', 'jsonb'], ['to_jsonb', 'text', 'jsonb'],
        ['jsonb_build_object', 'text, int', 'jsonb'], ['current_setting', 'text, boolean', 'text'], ['set_config', 'text, text, boolean', 'text'],
        ['array_remove', 'text[], text', 'text[]'], ['array_append', 'text[], text', 'text[]'], ['array_cat', 'text[], text[]', 'text[]'], ['nextval', 'regclass', 'bigint'],
        ['pg_current_xact_id', '', 'xid8'], ['pg_notify', 'text, text', 'void'], ['pg_try_advisory_lock_shared', 'int, int', 'boolean'],
        ['default_data', 'jsonb, jsonb, jsonb, jsonb', 'jsonb'], ['ring', '', 'void']] LOOP
      CALL hostile.trap_function(place, f[1], f[2], f[3]);
    END LOOP;
    EXECUTE format('CREATE FUNCTION %s.unnest(text[]) RETURNS SETOF text LANGUAGE sql AS $f$SELECT hostile.trap(''unnest'')::text$f$', place);
    EXECUTE format('CREATE TABLE %s.changes (topic pg_catalog.text, event pg_catalog.text)', place);
  END LOOP;
  FOREACH f SLICE 1 IN ARRAY ARRAY[['||', 'text', 'text', 'text'], ['||', 'text[]', 'text[]', 'text[]'], ['||', 'jsonb', 'jsonb', 'jsonb'], ['=', 'text', 'text', 'boolean'],
      ['=', 'jsonb', 'jsonb', 'boolean'], ['=', 'boolean', 'boolean', 'boolean'], ['-', 'jsonb', 'text[]', 'jsonb'], ['?&', 'jsonb', 'text[]', 'boolean'],
      ['>', 'int', 'int', 'boolean'], ['*<>', 'public.things', 'public.things', 'boolean']] LOOP
    CALL hostile.trap_operator(f[1], f[2], f[3], f[4]);
  END LOOP;
  CREATE DOMAIN hostile.jsonb AS pg_catalog.jsonb CHECK (hostile.trap('type jsonb'));
  CREATE DOMAIN hostile.text AS pg_catalog.text CHECK (hostile.trap('type text'));
  CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb CHECK (hostile.trap('type jsonb'));
  CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (hostile.trap('type text'));
END $$;
SET search_path = hostile, pg_temp, pg_catalog, public;
SELECT 'a'::pg_catalog.text || 'b'::pg_catalog.text \g /dev/null
SELECT to_jsonb('x'::pg_catalog.text) \g /dev/null
SELECT 'x'::text \g /dev/null
INSERT INTO public.things VALUES (1, 1, 'ann', '{x,y}', 's'), (2, 2, 'bob', NULL, 's');
UPDATE public.things SET v = 3, owner = 'cid';
UPDATE public.things SET tags = '{z}', secret = 't';
DELETE FROM public.things;
TRUNCATE public.things;
INSERT INTO public.ruled VALUES (1, 2, 'ann');
UPDATE public.ruled SET owner = 'bob';
SET search_path = public, pg_temp;
RESET ROLE;
SELECT is((SELECT array_agg(by::text || ' ' || what ORDER BY id) FROM trapped), ARRAY[:'writer' || ' || text text', :'writer' || ' to_jsonb', :'writer' || ' type text'],
  'only the writer''s own statement has sprung them');
SELECT is(test.told(), '{"things.insert 1","things.insert 2","things.update 1","left 1","things.update 2","left 2",
  "things.update 1","left 1","things.update 2","left 2","things.delete 1","things.delete 2",things.truncate,grown,"whole 1","whole 1","left 1"}'::text[], 'each change is told');
SELECT is((SELECT audience FROM herald.changes ORDER BY id LIMIT 1), '{owner=ann,tags=x,tags=y}', 'to whom it is for');
SELECT is((SELECT row_now FROM herald.changes ORDER BY id LIMIT 1), '{"id": 1, "v": 1, "owner": "ann", "tags": ["x", "y"]}', 'without what is excluded');
SELECT is((SELECT array_agg(data ORDER BY id) FROM herald.changes WHERE event = 'grown'), ARRAY['[{"v": 2}, "ann"]']::jsonb[], 'rules mean what they meant');
SELECT is((SELECT faults FROM herald.status), NULL, 'nothing was a fault');
SELECT is((SELECT count(*) FROM hostile.changes), 0::bigint, 'and nothing went to another table of that name');
DROP OWNED BY :writer;
DROP ROLE :writer;
SELECT finish();
