-- A writer whose search_path begins with a schema of its own functions, operators and types, and temporary ones: none of
-- them is called with the rights of pgherald's owner, whatever is watched. Everything in that schema raises when it is used.
SELECT plan(13);
CREATE SCHEMA evil;
CREATE FUNCTION evil.caught() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil was called as %', current_user; END $$;
CREATE FUNCTION evil.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS $$ SELECT 'null'::jsonb FROM evil.caught() $$;
CREATE FUNCTION evil.jsonb_build_object(text, int) RETURNS jsonb LANGUAGE sql AS $$ SELECT 'null'::jsonb FROM evil.caught() $$;
CREATE FUNCTION evil.jsonb_build_object(text, text, text, jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT 'null'::jsonb FROM evil.caught() $$;
CREATE FUNCTION evil.jsonb_each(jsonb, OUT key text, OUT value jsonb) RETURNS SETOF record LANGUAGE sql AS $$ SELECT '', 'null'::jsonb FROM evil.caught() $$;
CREATE FUNCTION evil.unnest(text[]) RETURNS SETOF text LANGUAGE sql AS $$ SELECT '' FROM evil.caught() $$;
CREATE FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT 'on' FROM evil.caught() $$;
CREATE FUNCTION evil.pg_try_advisory_lock_shared(int, int) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.caught() $$;
CREATE FUNCTION evil.pg_notify(text, text) RETURNS void LANGUAGE sql AS $$ SELECT evil.caught() $$;
CREATE FUNCTION evil.texts(text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'forged' FROM evil.caught() $$;
CREATE FUNCTION evil.alike(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.caught() $$;
CREATE FUNCTION evil.arrays(text[], text[]) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.caught() $$;
CREATE FUNCTION evil.join(text[], text[]) RETURNS text[] LANGUAGE sql AS $$ SELECT $1 FROM evil.caught() $$;
CREATE FUNCTION evil.jsons(jsonb, jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.caught() $$;
CREATE FUNCTION evil.without(jsonb, text[]) RETURNS jsonb LANGUAGE sql AS $$ SELECT $1 FROM evil.caught() $$;
CREATE FUNCTION evil.has(jsonb, text[]) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.caught() $$;
CREATE OPERATOR evil.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.texts);
CREATE OPERATOR evil.|| (LEFTARG = text[], RIGHTARG = text[], FUNCTION = evil.join);
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.alike);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.alike);
CREATE OPERATOR evil.<> (LEFTARG = text[], RIGHTARG = text[], FUNCTION = evil.arrays);
CREATE OPERATOR evil.= (LEFTARG = jsonb, RIGHTARG = jsonb, FUNCTION = evil.jsons);
CREATE OPERATOR evil.- (LEFTARG = jsonb, RIGHTARG = text[], FUNCTION = evil.without);
CREATE OPERATOR evil.?& (LEFTARG = jsonb, RIGHTARG = text[], FUNCTION = evil.has);
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.caught());
CREATE DOMAIN evil.jsonb AS pg_catalog.jsonb CHECK (evil.caught());
CREATE DOMAIN evil.bool AS pg_catalog.bool CHECK (evil.caught());
CREATE TABLE things (id int PRIMARY KEY, owner text, stores text[], note text);

CREATE FUNCTION test.write() RETURNS pg_catalog.text LANGUAGE plpgsql AS $$
DECLARE
  was pg_catalog.int8 := (SELECT pg_catalog.count(*) FROM herald.changes);
BEGIN
  CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (evil.caught());
  SET LOCAL search_path = evil, pg_catalog, public;
  INSERT INTO public.things VALUES (1, 'ann', '{a,b}', 'x');
  UPDATE public.things SET note = 'y';
  UPDATE public.things SET owner = 'bob', stores = '{b}';
  DELETE FROM public.things;
  TRUNCATE public.things;
  SET LOCAL search_path = public;
  DROP DOMAIN pg_temp.text;
  RETURN (SELECT coalesce((SELECT pg_catalog.string_agg(f.reason, '') FROM herald.faults f), 'clean'));
END $$;
CREATE FUNCTION test.fresh() RETURNS void LANGUAGE sql AS $$ DELETE FROM herald.changes $$;

SELECT throws_ok('SET search_path = evil, public, pg_catalog; SELECT ''a'' || ''b''::pg_catalog.text', 'P0001', NULL, 'the schema bites: an operator');
SET search_path = public;
SELECT herald.watch('things', audience => '{owner,stores}');
SELECT is(test.write(), 'clean', 'audience of a text and of an array: nothing was called');
SELECT is(test.events(), '{things.insert,things.update,things.update,left,things.delete,things.truncate}', 'and the events are whole');
SELECT is((SELECT audience FROM herald.changes WHERE event = 'left'), '{owner=ann,stores=a,stores=b}', 'nothing is forged');
SELECT test.fresh(), herald.watch('things', audience => '{owner}', columns => '{id,note}');
SELECT is(test.write(), 'clean', 'named columns: nothing was called');
SELECT is(test.events(), '{things.insert,things.update,things.update,left,things.delete,things.truncate}', 'and the events are whole');
SELECT test.fresh(), herald.watch('things', audience => '{}', columns => '{*}', exclude => '{note}');
SELECT is(test.write(), 'clean', 'an excluded column: nothing was called');
SELECT is(test.events(), '{things.insert,things.update,things.delete,things.truncate}', 'and the events are whole');
SELECT test.fresh(), herald.rule('things', 'told', 'any', $$coalesce(NEW.id, OLD.id, 1) || '' = '1'$$,
  $$jsonb_build_object('id', coalesce(NEW.id, OLD.id)) || jsonb_build_object('x', to_jsonb(NEW) - '{note}'::text[])$$);
SELECT is(test.write(), 'clean', 'a rule of unqualified names: nothing was called');
SELECT is(test.events(), '{told,told,told,told}', 'and the events are whole');
SELECT test.fresh(), herald.wake('always');
SELECT is(test.write(), 'clean', 'nor by the doorbell');
SELECT test.fresh();
BEGIN;
SET LOCAL search_path = evil, pg_catalog, public;
SELECT herald.mute();
UPDATE public.things SET note = 'z';
INSERT INTO public.things VALUES (2);
SET LOCAL search_path = public;
COMMIT;
SELECT is(test.events(), '{bulk}', 'nor by a muted change');
SELECT is((SELECT faults FROM herald.status), NULL, 'there is no fault');
SELECT finish();
