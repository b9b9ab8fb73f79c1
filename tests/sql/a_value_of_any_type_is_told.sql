-- Each type as PostgreSQL's own to_jsonb prints it; numbers that JSON has not got, and infinite times, are strings.
BEGIN;
SELECT plan(16);
CREATE TYPE mood AS ENUM ('sad', 'it''s "fine"');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN words AS text[];
CREATE TYPE pair AS (a int, "B b" text);
CREATE TABLE things (id int PRIMARY KEY, mood mood, n positive, words words, grid int[], pair pair, pairs pair[], span int4range, spans datemultirange,
  doc jsonb, raw json, bytes bytea, num numeric, f float8, at timestamptz, day date, bits bit(3), uid uuid, addr inet, x xml, tsv tsvector);
SELECT herald.watch('things');
CREATE FUNCTION told(what text) RETURNS text LANGUAGE sql AS $$ SELECT (test.last() -> 'row' -> what)::text $$;

INSERT INTO things VALUES (1, 'it''s "fine"', 7, '{a,NULL,"b c"}', '{{1,2},{3,4}}', (1, 'x'), ARRAY[(2, 'y'), NULL]::pair[], '[1,5)', '{[2024-01-01,2024-02-01)}',
  '{"b": [1, {"a": null}], "a": 1.50}', E'{"z":1,\n "a": 2}', '\x00ff', 'NaN', '-Infinity', 'infinity', '-infinity', '101',
  '00000000-0000-4000-8000-00000000000A', '10.0.0.1/8', '<a>1</a>', 'a:1 b:2');
SELECT is(told('mood'), '"it''s \"fine\""', 'an enum by its name');
SELECT is(told('n'), '7', 'a domain as what it is made of');
SELECT is(told('words'), '["a", null, "b c"]', 'also one of an array');
SELECT is(told('grid'), '[[1, 2], [3, 4]]', 'an array of two dimensions');
SELECT is(told('pair'), '{"a": 1, "B b": "x"}', 'a composite value');
SELECT is(told('pairs'), '[{"a": 2, "B b": "y"}, null]', 'an array of them');
SELECT is(told('span') || told('spans'), '"[1,5)""{[2024-01-01,2024-02-01)}"', 'ranges');
SELECT is(told('doc'), '{"a": 1.50, "b": [1, {"a": null}]}', 'jsonb, every digit of its numbers');
SELECT is(told('raw'), '{"a": 2, "z": 1}', 'json, without its line ends');
SELECT is(told('bytes'), '"\\x00ff"', 'bytes');
SELECT is(told('num') || told('f'), '"NaN""-Infinity"', 'what is no number in JSON is a string');
SELECT is(told('at') || told('day'), '"infinity""-infinity"', 'infinite times too');
SELECT is(told('bits') || told('uid') || told('addr'), '"101""00000000-0000-4000-8000-00000000000a""10.0.0.1/8"', 'bits, uuids and addresses');
SELECT is(told('x') || told('tsv'), '"<a>1</a>""''a'':1 ''b'':2"', 'xml and tsvector');
UPDATE things SET num = 'NaN', f = '-Infinity', at = 'infinity', raw = raw, x = x, pair = (1, 'x'), span = '[1,4]';
SELECT is(test.events(), '{things.insert}', 'values of any type set to themselves are no event');
UPDATE things SET num = 123456789012345678901234567890.123456789, f = 0.1, grid[2][2] = 5, pair."B b" = NULL, at = '2024-05-01 12:00+00';
SELECT is(test.last() -> 'changed', '["f", "at", "num", "grid", "pair"]', 'and parts of them that change are changes');
SELECT finish();
ROLLBACK;
