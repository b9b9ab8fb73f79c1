-- herald.stream writes one row for a path; the same path again replaces all of it; unstream takes it away.
BEGIN;
SELECT plan(11);
SELECT herald.stream('/a/:id', '{t,u}', match => '{"user_id": "claims.sub", "id": "params.id", "kind": "=x"}', events => '{e}',
  require => '{"role": ["admin"]}', format => 'message', sealed => true);
SELECT results_eq('SELECT path, topics, match, events, require, format, sealed, anonymous FROM herald.streams',
  $$VALUES ('/a/:id', '{t,u}'::text[], '{"user_id": "claims.sub", "id": "params.id", "kind": "=x"}'::jsonb, '{e}'::text[],
            '{"role": ["admin"]}'::jsonb, 'message', true, false)$$, 'a stream is a row');
SELECT herald.stream('/a/:id', '{v}');
SELECT results_eq('SELECT path, topics, match, events, require, format, sealed FROM herald.streams',
  $$VALUES ('/a/:id', '{v}'::text[], '{}'::jsonb, NULL::text[], '{}'::jsonb, 'named', false)$$, 'the same path again replaces all of it');
SELECT herald.stream('/a/:id', '{v}', sealed => true);
SELECT is((SELECT sealed FROM herald.streams), true, 'a stream may be sealed later');
SELECT herald.stream('/a/:id', '{v}');
SELECT is((SELECT sealed FROM herald.streams), false, 'and opened again');
CREATE FUNCTION state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql AS $$ SELECT '1'::jsonb $$;
SELECT herald.stream('/a/:id', '{v}', snapshot => 'public.state');
SELECT is((SELECT snapshot FROM herald.streams), 'public.state', 'a snapshot is kept under its whole name');
SELECT herald.stream('/a/:id', '{v}');
SELECT ok((SELECT snapshot IS NULL FROM herald.streams), 'and replaced by none');
SELECT herald.stream('/b', '{v}', anonymous => true);
SELECT is((SELECT count(*) FROM herald.streams), 2::bigint, 'another path is another stream');
SELECT ok((SELECT anonymous FROM herald.streams WHERE path = '/b'), 'a stream may be anonymous');
SELECT herald.unstream('/b');
SELECT is((SELECT array_agg(path) FROM herald.streams), '{/a/:id}', 'unstream takes it away');
SELECT lives_ok($$SELECT herald.unstream('/nowhere')$$, 'unstream of an unknown path is harmless');
SELECT lives_ok($$SELECT herald.stream('/c', '{v}', require => '[{"role": ["admin"]}, {"stores": ["params.store"], "level": [1, true]}]')$$,
  'require may be alternatives of strings, numbers, booleans and parameters');
SELECT finish();
ROLLBACK;
