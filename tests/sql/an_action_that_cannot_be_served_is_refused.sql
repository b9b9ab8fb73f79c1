-- herald.action says why it refuses a method, path, function or require.
BEGIN;
SELECT plan(39);
CREATE FUNCTION good(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE FUNCTION to_text(request jsonb) RETURNS text LANGUAGE sql AS $$ SELECT '' $$;
CREATE FUNCTION to_rows(request jsonb) RETURNS SETOF jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE FUNCTION of_text(request text) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE FUNCTION of_two(a jsonb, b jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE PROCEDURE no_function(request jsonb, INOUT answer jsonb DEFAULT '{}') LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE AGGREGATE summed(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb);
SELECT herald.stream('/a/stream', '{t}');
CREATE FUNCTION refuse(arguments text, what text) RETURNS text LANGUAGE sql AS $$
  SELECT throws_like(format('SELECT herald.action(%s)', arguments), 'pgherald: %', what || ' is refused with a sentence') $$;

SELECT refuse(format('%L, ''/a'', ''public.good''', method), 'the method ' || coalesce(quote_literal(method), 'NULL'))
  FROM unnest(ARRAY[NULL, '', 'get', 'HEAD', 'OPTIONS', 'TRACE', 'GET ', 'GET,POST']) method;
SELECT refuse(format('''POST'', %L, ''public.good''', path), 'the path ' || coalesce(quote_literal(path), 'NULL'))
  FROM unnest(ARRAY[NULL, '', '/', 'a', '/a/', '//a', '/a b', '/a?b', '/a%41', '/:', '/ü', E'/a\n', '/stream/status', '/stream/ticket', '/stream/renew', '/stream/session']) path;
SELECT refuse($$'GET', '/a/stream', 'public.good'$$, 'GET of a stream''s path');
SELECT lives_ok($$SELECT herald.action('POST', '/a/stream', 'public.good'), herald.unaction('POST', '/a/stream')$$, 'another method of it is not');
SELECT refuse($$'GET', '/a', NULL$$, 'no function');
SELECT refuse($$'GET', '/a', 'public.gone'$$, 'a function that is not there');
SELECT refuse($$'GET', '/a', 'good'$$, 'one without its schema');
SELECT refuse($$'GET', '/a', 'public.to_text'$$, 'one that returns text');
SELECT refuse($$'GET', '/a', 'public.to_rows'$$, 'one that returns rows');
SELECT refuse($$'GET', '/a', 'public.of_text'$$, 'one that takes text');
SELECT refuse($$'GET', '/a', 'public.of_two'$$, 'one of two arguments');
SELECT refuse($$'GET', '/a', 'public.no_function'$$, 'a procedure');
SELECT refuse($$'GET', '/a', 'public.summed'$$, 'an aggregate');
SELECT refuse($$'GET', '/a', 'public.good', '{"role": "admin"}'$$, 'a require without an array');
SELECT refuse($$'GET', '/a', 'public.good', NULL$$, 'a require of NULL');
SELECT is((SELECT count(*) FROM herald.actions), 0::bigint, 'nothing of the refused is left behind');
SELECT throws_ok($$SELECT herald.action('GET', '/a', 'public.good(jsonb); DROP TABLE herald.actions; --')$$, NULL, NULL, 'SQL text is no function''s name');
SELECT finish();
ROLLBACK;
