-- herald.stream says why it refuses a path, topics, match, require or format.
BEGIN;
SELECT plan(38);
CREATE FUNCTION refuse(arguments text, what text) RETURNS text LANGUAGE sql AS $$
  SELECT throws_like(format('SELECT herald.stream(%s)', arguments), 'pgherald: %', what || ' is refused with a sentence') $$;

SELECT refuse(format('%L, ''{t}''', path), 'the path ' || coalesce(quote_literal(path), 'NULL'))
  FROM unnest(ARRAY[NULL, '', '/', 'a', '/a/', '//a', '/a//b', '/a b', '/a?b', '/a%41', '/a#b', '/a:b', '/:', '/ü', '/:a/b/:a', E'/a\nb',
                    '/' || repeat('x', 500), '/stream/status', '/stream/ticket', '/stream/session']) path;
SELECT refuse($$'/a', '{}'$$, 'a stream without topics');
SELECT refuse($$'/a', NULL$$, 'NULL for topics');
SELECT refuse($$'/a', ARRAY['x', NULL]$$, 'a NULL topic');
SELECT refuse($$'/a', '{t}', match => '{"user_id": "sub"}'$$, 'a match that is no source');
SELECT refuse($$'/a', '{t}', match => '{"user_id": 7}'$$, 'a match that is no string');
SELECT refuse($$'/a', '{t}', match => '["claims.sub"]'$$, 'a match that is no object');
SELECT refuse($$'/a', '{t}', match => '{"a": "=1", "b": "=1", "c": "=1", "d": "=1", "e": "=1"}'$$, 'a match of five keys');
SELECT refuse($$'/a', '{t}', match => '{"user_id": "claims.sub"}', anonymous => true$$, 'an anonymous stream that matches a claim');
SELECT refuse($$'/a', '{t}', require => '{"role": "admin"}'$$, 'a require without an array');
SELECT refuse($$'/a', '{t}', require => '{"role": [{"a": 1}]}'$$, 'a require of objects');
SELECT refuse($$'/a', '{t}', require => '[]'$$, 'a require of no alternatives');
SELECT refuse($$'/a', '{t}', require => 'null'$$, 'a require of null');
SELECT refuse($$'/a', '{t}', require => '{"role": ["x"]}', anonymous => true$$, 'an anonymous stream that requires a claim');
SELECT refuse($$'/a', '{t}', format => 'xml'$$, 'an unknown format');
CREATE FUNCTION one(claims jsonb, params jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '1'::jsonb $$;
CREATE FUNCTION texts(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql AS $$ SELECT 'x' $$;
SELECT refuse($$'/a', '{t}', snapshot => 'nothing'$$, 'a snapshot that is not there');
SELECT refuse($$'/a', '{t}', snapshot => 'public.one'$$, 'a snapshot of one row');
SELECT refuse($$'/a', '{t}', snapshot => 'public.texts'$$, 'a snapshot of texts');
SELECT is((SELECT count(*) FROM herald.streams), 0::bigint, 'nothing of the refused is left behind');
SELECT finish();
ROLLBACK;
