-- herald.schema: what a rule's data looks like is found without reading its SQL: types, formats, enums, nulls and literals.
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE DOMAIN even AS int CHECK (VALUE % 2 = 0);
CREATE DOMAIN odd_code AS text CHECK (VALUE ~ '^[A-Z]{3}$');
CREATE TABLE orders (
  id uuid PRIMARY KEY, code text NOT NULL, note text, qty int NOT NULL, small int2, narrow numeric(2,1) NOT NULL, total numeric(12,2), paid boolean NOT NULL,
  at timestamptz NOT NULL, day date, local timestamp, mood mood NOT NULL, was mood, status text NOT NULL CHECK (status IN ('new', 'it''s done')),
  grade varchar(10) CHECK (grade = ANY (ARRAY['a', 'b'])), level int NOT NULL CHECK (level IN (1, 2)), loose text NOT NULL CHECK (loose IN ('x') OR qty > 1),
  tags text[], extra jsonb, e even NOT NULL, c odd_code, span int4range, spot point);
CREATE FUNCTION public.order_json(o record) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN RETURN to_jsonb(o) || jsonb_build_object('kind', 'whole'); END $$;
SELECT herald.watch('orders');

-- test.data(data, operation): the schema of this rule's data.
CREATE FUNCTION test.data(data text, operation text DEFAULT 'insert') RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM herald.unrule('orders'), herald.rule('orders', 'e', operation, data => data), herald.stream('/s', '{orders}');
  RETURN herald.schema() #> '{streams,/s,events,e}';
END $$;
-- test.leaf(expression, operation): the schema of one member of it.
CREATE FUNCTION test.leaf(expression text, operation text DEFAULT 'insert') RETURNS jsonb LANGUAGE sql AS
  $$ SELECT test.data(format('jsonb_build_object(''m'', %s)', expression), operation) #> '{properties,m}' $$;
SELECT plan(55);

SELECT is(test.leaf(expression), schema::jsonb, expression) FROM (VALUES
  ('NEW.id', '{"type": "string", "format": "uuid"}'), ('NEW.code', '{"type": "string"}'), ('NEW.note', '{"type": ["string", "null"]}'),
  ('NEW.qty', '{"type": "integer"}'), ('NEW.small', '{"type": ["integer", "null"]}'), ('NEW.narrow', '{"type": "number"}'), ('NEW.total', '{"type": ["number", "null"]}'),
  ('NEW.paid', '{"type": "boolean"}'), ('NEW.at', '{"type": "string", "format": "date-time"}'), ('NEW.day', '{"type": ["string", "null"], "format": "date"}'),
  ('NEW.local', '{"type": ["string", "null"]}'), ('NEW.mood', '{"enum": ["glad", "sad"]}'), ('NEW.was', '{"enum": ["glad", "sad", null]}'),
  ('NEW.status', '{"enum": ["new", "it''s done"]}'), ('NEW.grade', '{"enum": ["a", "b", null]}'), ('NEW.level', '{"enum": [1, 2]}'), ('NEW.loose', '{"type": "string"}'),
  ('NEW.tags', '{"type": ["array", "null"], "items": {"type": ["string", "null"]}}'), ('NEW.extra', '{}'), ('NEW.e', '{"type": "integer"}'),
  -- what is made of columns
  ('NEW.qty * 2', '{"type": "number"}'), ('''no '' || NEW.note', '{"type": ["string", "null"]}'), ('NEW.qty::text', '{"type": "string"}'),
  ('to_char(NEW.at, ''YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'')', '{"type": "string", "format": "date-time"}'), ('coalesce(NEW.total, 0)', '{"type": "number"}'),
  ('NEW.id IS NULL', '{"type": "boolean"}'), ('jsonb_build_array(NEW.id, NEW.id)', '{"type": "array", "items": {"type": "string", "format": "uuid"}}'),
  ('jsonb_build_array(NEW.qty, NEW.code)', '{"type": "array", "items": {"type": ["number", "string"]}}'), ('''[]''::jsonb', '{"type": "array"}'),
  -- literals
  ('''column''', '{"const": "column"}'), ('true', '{"const": true}'), ('7', '{"const": 7}'), ('''it''''s''::text', '{"const": "it''s"}'), ('NULL', '{"type": "null"}'),
  -- no literals: other rows may have another one
  ('CASE WHEN NEW.qty > 100000 THEN ''big'' ELSE ''small'' END', '{"type": "string"}'), ('substr(NEW.code, 1, 0)', '{"type": "string"}'),
  ('coalesce(NULL, ''x'')', '{"type": "string"}'),
  -- what no sample yields
  ('NEW.extra -> ''a''', '{"description": "Not known: no sample row yields a value."}'), ('NEW.c', '{"description": "Not known: no sample row yields a value."}')
) AS v(expression, schema);

SELECT is(test.leaf('NEW.e', 'any'), '{"type": ["integer", "null"]}', 'for any operation NEW is empty when a row is deleted');
SELECT is(test.leaf('OLD.status', 'delete'), '{"enum": ["new", "it''s done"]}', 'of the row that is gone');
SELECT is(test.leaf('OLD.status', 'update'), '{"enum": ["new", "it''s done"]}', 'and of the former row');
SELECT is(test.data('jsonb_build_object(''from'', OLD.qty, ''to'', NEW.qty, ''what'', ''moved'')', 'update'), '{"type": "object", "required": ["from", "to", "what"],
  "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}, "what": {"const": "moved"}}}', 'an object says which members it has');
SELECT is(test.data('jsonb_strip_nulls(jsonb_build_object(''id'', NEW.id, ''note'', NEW.note))') -> 'required', '["id"]', 'a member that may be missing is not required');
SELECT is(test.data('to_jsonb(NEW)') #> '{properties,status}', '{"enum": ["new", "it''s done"]}', 'a whole row is its columns');
SELECT is(test.data('public.order_json(NEW)') #> '{properties,kind}', '{"const": "whole"}', 'a literal may stand in a function that the rule names');
SELECT is(test.data('public.order_json(NEW)') #> '{properties,at,format}', '"date-time"', 'whose columns are found too');
SELECT is(test.data('CASE WHEN NEW.qty < 0 THEN public.order_json(NEW) ELSE jsonb_build_object(''kind'', ''none'') END') #> '{properties,kind}', '{"type": "string"}',
          'where the rule chooses, nothing is a literal');
SELECT is(test.data('to_jsonb(NEW.qty)'), '{"type": "integer"}', 'data that is no object');
SELECT is(test.data('to_jsonb(1 / (NEW.qty - NEW.qty))'), '{"description": "Not known: the rule failed with sample values (SQLSTATE 22012)."}', 'a rule that fails is said to');
SELECT is(test.data('jsonb_build_object(''n'', TRUE)', 'truncate'), '{"type": "object", "properties": {"n": {"const": true}}, "required": ["n"]}', 'a truncate has no row');

SELECT herald.unrule('orders'), herald.rule('orders', 'e', 'insert', data => '''{"a": 1}''::jsonb'), herald.rule('orders', 'e', 'update', data => 'jsonb_build_object(''b'', 2)');
SELECT is(jsonb_array_length(herald.schema() #> '{streams,/s,events,e,anyOf}'), 2, 'two rules with one name are one or the other');
SELECT herald.stream('/m', '{orders}', events => '{e,sale}', format => 'message'), herald.stream('/c', '{orders}', sealed => true);
SELECT is(herald.schema() #> '{streams,/m,events,e,anyOf,1}', '{"type": "object", "properties": {"type": {"const": "e"}, "b": {"const": 2}}, "required": ["b", "type"]}',
          'in format message the name is a member');
SELECT is(herald.schema() #> '{streams,/m,events,sale,description}', '"Not known: no rule tells this event, so the application publishes it."', 'what is published is not known');
SELECT is(herald.schema() #> '{streams,/c,events,e,anyOf,1,properties,timestamp,type}', '"integer"', 'sealed data has the time of its sealing');
SELECT finish();
