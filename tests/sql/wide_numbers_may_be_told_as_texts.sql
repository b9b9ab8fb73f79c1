-- numbers => 'text': int8 and numeric columns, arrays of them and domains over them go out as strings, in key, row, old and
-- left, and the contract says so. All else stays. JSON.parse of a browser rounds numbers over 2^53.
SELECT plan(31);
CREATE DOMAIN money_t AS numeric(20, 2);
CREATE DOMAIN ids AS int8[];
CREATE TABLE m (id int8 PRIMARY KEY, amount numeric, small int, sum money_t, many int8[], parts numeric[], other ids, owner text, f float8, doc jsonb);
CREATE FUNCTION test.kinds(doc jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_object_agg(key, jsonb_typeof(value)) FROM jsonb_each(doc) $$;
CREATE FUNCTION test.row_schema() RETURNS jsonb LANGUAGE sql AS $$ SELECT herald.schema() #> '{$defs,row_public.m,properties}' $$;
SELECT herald.stream('/m', '{m}', match => '{"owner": "=x"}', anonymous => true);
SELECT herald.watch('m', audience => '{owner}');
SELECT is((SELECT numbers FROM herald.watches), 'number', 'a new watch tells numbers');
INSERT INTO m VALUES (1161380288898609914, 1.50, 1, 2, '{1,NULL}', '{0.10}', '{5}', 'x', 1.5, '{"n": 1.0}');
SELECT is(test.last() #>> '{key,id}', '1161380288898609914', 'with every digit');
SELECT is(test.kinds(test.last() -> 'row') - '{doc,owner}'::text[], '{"id": "number", "amount": "number", "small": "number", "sum": "number", "many": "array", "parts": "array", "other": "array", "f": "number"}', 'as numbers');
SELECT is(test.row_schema() -> 'id', '{"type": "integer"}', 'and the contract says so');

SELECT herald.watch('m', numbers => 'text');
SELECT is((SELECT concat_ws(' ', topic, audience, numbers) FROM herald.watches), 'm {owner} text', 'the rest of the watch stays');
SELECT herald.watch('m');
SELECT is((SELECT numbers FROM herald.watches), 'text', 'what is not said stays');
INSERT INTO m VALUES (1161380288898609915, 1.50, 1, 2, '{1,NULL}', '{0.10}', '{5}', 'x', 1.5, '{"n": 1.0}');
SELECT is(test.last() -> 'key', '{"id": "1161380288898609915"}', 'the key of an insert');
SELECT is(test.last() -> 'row', '{"id": "1161380288898609915", "amount": "1.50", "small": 1, "sum": "2.00", "many": ["1", null], "parts": ["0.10"], "other": ["5"], "owner": "x", "f": 1.5, "doc": {"n": 1.0}}', 'its row');
UPDATE m SET amount = 1.5 WHERE id = 1161380288898609915;
SELECT is(test.last() -> 'old', '{"amount": "1.50"}', 'what an update changed');
SELECT is(test.last() #> '{row,amount}', '"1.5"', 'another scale is another text');
UPDATE m SET amount = NULL, many = NULL WHERE id = 1161380288898609915;
SELECT is(test.last() #> '{row,amount}', 'null', 'NULL stays null');
SELECT is(test.last() #> '{row,many}', 'null', 'of an array, too');
UPDATE m SET amount = 'NaN', many = '{}' WHERE id = 1161380288898609915;
SELECT is(test.last() #>> '{row,amount}', 'NaN', 'what is no number of JSON was a string before');
SELECT is(test.last() #> '{row,many}', '[]', 'an empty array');
UPDATE m SET id = 1161380288898609916 WHERE id = 1161380288898609915;
SELECT is(test.last() -> 'old', '{"id": "1161380288898609915"}', 'a former key');
UPDATE m SET owner = 'y' WHERE id = 1161380288898609916;
SELECT is(test.last() -> 'key', '{"id": "1161380288898609916"}', 'the key of left');
DELETE FROM m WHERE id = 1161380288898609916;
SELECT is(test.last() #>> '{old,id}', '1161380288898609916', 'a deleted row');
SELECT is(jsonb_typeof(test.last() #> '{old,id}'), 'string', 'as a string');

SELECT is(test.row_schema(), '{"id": {"type": "string"}, "amount": {"type": ["string", "null"]}, "small": {"type": ["integer", "null"]}, "sum": {"type": ["string", "null"]}, "many": {"type": ["array", "null"], "items": {"type": ["string", "null"]}}, "parts": {"type": ["array", "null"], "items": {"type": ["string", "null"]}}, "other": {"type": ["array", "null"], "items": {"type": ["string", "null"]}}, "owner": {"type": ["string", "null"]}, "f": {"type": ["number", "null"]}, "doc": {}}', 'the contract says strings');
SELECT is(herald.schema() #> '{streams,/m,events,m.insert,properties,key,properties}', '{"id": {"type": "string"}}', 'of the key, too');
DELETE FROM m;
ALTER TABLE m ADD CONSTRAINT few CHECK (amount IN (1.5, 2.5));
SELECT is(test.row_schema() -> 'amount', '{"enum": ["1.5", "2.5", null]}', 'of a column with listed values');

SELECT herald.watch('m', columns => '{id,small,amount}', exclude => '{amount}');
INSERT INTO m (id, small, amount, owner) VALUES (7, 1, 2.5, 'x');
SELECT is(test.last() -> 'row', '{"id": "7", "small": 1}', 'a choice of columns');
SELECT herald.watch('m', columns => '{*}', exclude => '{amount,many,parts,other,sum,f,doc,owner}');
UPDATE m SET small = 2 WHERE id = 7;
SELECT is(test.last() - '{op,table}'::text[], '{"key": {"id": "7"}, "row": {"id": "7", "small": 2}, "old": {"small": 1}, "changed": ["small"]}', 'and excluded ones');

SELECT herald.rule('m', 'm_plain', 'insert');
INSERT INTO m (id, owner) VALUES (8, 'x');
SELECT is(test.last() -> 'row', '{"id": "8", "small": null}', 'a rule without data');
SELECT herald.unwatch('m');

DO $$ BEGIN EXECUTE 'CREATE TABLE wide (id int8 PRIMARY KEY, ' || (SELECT string_agg(format('c%s numeric DEFAULT %s', n, n), ', ') FROM generate_series(1, 120) n) || ')'; END $$;
SELECT herald.watch('wide', numbers => 'text');
INSERT INTO wide VALUES (1);
SELECT is((SELECT jsonb_agg(DISTINCT jsonb_typeof(value)) FROM jsonb_each(test.last() -> 'row')), '["string"]', 'more columns than a function has arguments');
SELECT is(test.last() #>> '{row,c120}', '120', 'to the last one');
ALTER TABLE wide ADD extra int8 DEFAULT 9;
SELECT test.look();
INSERT INTO wide VALUES (2);
SELECT is(test.last() #> '{row,extra}', '"9"', 'a column that comes later, when the ticker has looked');
ALTER TABLE wide DROP c7;
SELECT lives_ok('INSERT INTO wide VALUES (3)', 'one that goes fails no writer');
SELECT test.look();
INSERT INTO wide VALUES (4);
SELECT is(test.last() #> '{row,c8}', '"8"', 'and is followed');

SELECT throws_ok($$SELECT herald.watch('wide', numbers => 'string')$$, '22023', 'pgherald: numbers is ''number'' or ''text'', not ''string''', 'another word is refused');
SELECT herald.watch('wide', numbers => 'number');
INSERT INTO wide VALUES (5);
SELECT is(test.last() -> 'key', '{"id": 5}', 'and back');
SELECT finish();
