-- herald.schema of a table without rules: rows from its columns, without those that nobody is told.
CREATE TYPE spot AS (x int, name text);
CREATE TABLE "odd/things" (id int PRIMARY KEY, owner text NOT NULL, secret text, s spot, grid int[][]);
CREATE TABLE plain (n int);
SELECT herald.watch('"odd/things"', 'things', audience => '{owner}', exclude => '{secret}'), herald.watch('plain');
SELECT herald.stream('/s', '{things,plain}'), herald.stream('/some', '{things}', events => '{things.update}', snapshot => NULL);
SELECT plan(15);
CREATE VIEW test.doc AS SELECT herald.schema() AS d;
SELECT is(d ->> '$schema', 'https://json-schema.org/draft/2020-12/schema', 'it says which draft') FROM test.doc;
SELECT is(ARRAY(SELECT jsonb_object_keys(d #> '{streams,/s,events}') ORDER BY 1), '{plain.delete,plain.insert,plain.truncate,plain.update,things.delete,things.insert,things.truncate,things.update}',
          'four events a table') FROM test.doc;
SELECT is(ARRAY(SELECT jsonb_object_keys(d #> '{streams,/some,events}')), '{things.update}', 'or those that the stream has') FROM test.doc;
SELECT isnt(d #> '{streams,/s,description}', NULL, 'others may be published') FROM test.doc;
SELECT is(d #> '{streams,/some,description}', NULL, 'unless the stream says which events it has') FROM test.doc;
SELECT is((d #> ARRAY['$defs', 'row_' || replace('public.odd/things', '/', '_') || '_1']) - 'description', '{"type": "object", "required": ["grid", "id", "owner", "s"], "properties": {"id": {"type": "integer"}, "owner": {"type": "string"},
  "s": {"type": ["object", "null"], "properties": {"x": {"type": ["integer", "null"]}, "name": {"type": ["string", "null"]}}, "required": ["x", "name"]}, "grid": {"type": ["array", "null"]}}}',
  'a row has the columns that are told') FROM test.doc;
SELECT ok(d::text NOT LIKE '%secret%', 'and an excluded one is not even named') FROM test.doc;
SELECT is(d #> '{streams,/s,events,things.insert,properties,row,$ref}', '"#/$defs/row_public.odd_things_1"', 'a name that cannot stand in a reference is another one') FROM test.doc;
SELECT is(d #> '{streams,/s,events,things.insert,properties,old}', '{"type": "null"}', 'an insert has no former row') FROM test.doc;
SELECT is(d #> '{streams,/s,events,things.update,properties,old,type}', '["object", "null"]', 'nor an update that may come from another audience') FROM test.doc;
SELECT is(d #> '{streams,/s,events,plain.update,properties,old,type}', '"object"', 'where there are none it has') FROM test.doc;
SELECT is(d #> '{streams,/s,events,things.delete,properties,key}', '{"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}', 'the key is the primary key') FROM test.doc;
SELECT is(d #> '{streams,/s,events,plain.delete,properties,key}', '{"type": "null"}', 'or null') FROM test.doc;
ALTER TABLE plain ADD COLUMN later date NOT NULL DEFAULT now();
SELECT is(d #> '{$defs,row_public.plain,properties,later}', '{"type": "string", "format": "date"}', 'a column that is added is told') FROM test.doc;
INSERT INTO plain (n) VALUES (1);
SELECT ok(test.last() -> 'row' ? 'later', 'in the event as well');
SELECT finish();
