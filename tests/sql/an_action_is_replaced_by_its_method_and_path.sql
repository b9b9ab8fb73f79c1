-- herald.action defines, replaces and herald.unaction takes away; daemons hear of each.
SELECT plan(14);
CREATE FUNCTION public.one(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"body": 1}'::jsonb $$;
CREATE FUNCTION public.two(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"body": 2}'::jsonb $$;
CREATE SCHEMA "Odd ""one""";
CREATE FUNCTION "Odd ""one"""."Do;it"(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"body": 3}'::jsonb $$;
CREATE FUNCTION public.one(request text) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"body": "of text"}'::jsonb $$;
CREATE FUNCTION answer(method text, path text) RETURNS text LANGUAGE sql AS $$ SELECT concat_ws(' ', a ->> 'status', a ->> 'body') FROM herald.act(method, path, '{}') a $$;
SELECT dblink_connect('daemon', test.self()), dblink_exec('daemon', 'LISTEN herald_streams');

SELECT herald.action('GET', '/a/:id', 'public.one');
SELECT is(test.heard('daemon'), '{herald_streams:}', 'daemons are told of a new action');
SELECT is(answer('GET', '/a/:id'), '200 1', 'it is called, whatever else has its name');
SELECT herald.action('POST', '/a/:id', 'public.two', '{"role": ["admin"]}');
SELECT is(answer('POST', '/a/:id') || ', ' || answer('GET', '/a/:id'), '200 2, 200 1', 'another method is another action');
SELECT results_eq('SELECT method, path, function, require FROM herald.actions ORDER BY method',
  $$VALUES ('GET', '/a/:id', 'public.one', '{}'::jsonb), ('POST', '/a/:id', 'public.two', '{"role": ["admin"]}')$$, 'both stand in the table');
SELECT test.heard('daemon');
SELECT herald.action('POST', '/a/:id', 'public.one');
SELECT is(test.heard('daemon'), '{herald_streams:}', 'daemons are told of a change');
SELECT is(answer('POST', '/a/:id'), '200 1', 'the same method and path again replaces it');
SELECT is((SELECT require FROM herald.actions WHERE method = 'POST'), '{}', 'what it requires too');
SELECT herald.action('POST', '/a/:id', '"Odd ""one"""."Do;it"');
SELECT is(answer('POST', '/a/:id'), '200 3', 'a function may have any name');
SELECT test.heard('daemon');
SELECT herald.unaction('POST', '/a/:id');
SELECT is(test.heard('daemon'), '{herald_streams:}', 'daemons are told when it goes');
SELECT is((SELECT jsonb_agg(herald.act(m, '/a/:id', '{}') - 'fault') FROM unnest('{POST,GET}'::text[]) m),
  '[{"status": 404, "body": {"success": false, "errors": ["Not found"]}}, {"status": 200, "body": 1}]', 'then there is none; others stay');
SELECT lives_ok($$SELECT herald.unaction('POST', '/a/:id')$$, 'what is not there may be taken away');
DROP FUNCTION public.one(jsonb);
SELECT is(answer('GET', '/a/:id'), '500 {"errors": ["Internal error"], "success": false}', 'one whose function was dropped fails without details');
SELECT test.heard('daemon');
UPDATE herald.actions SET require = '{"role": ["admin"]}';
SELECT is(test.heard('daemon'), '{herald_streams:}', 'daemons are told of what is changed by hand');
TRUNCATE herald.actions;
SELECT is(test.heard('daemon'), '{herald_streams:}', 'and of an empty table');
SELECT finish();
