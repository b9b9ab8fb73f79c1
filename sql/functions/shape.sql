-- What the data of a rule looks like is found by trying. The expression is evaluated over sample
-- rows, as the trigger does over real ones. No SQL is parsed.
-- The result holds for what was tried. A member that an expression makes for other values only is
-- not seen.

-- herald.rule_schema(w, r, samples, columns): JSON Schema of the data of a rule.
-- It is {} with a description where it cannot be told.
--   samples  herald.sample_rows of the table
--   columns  herald.column_schemas of the table, without nulls
-- Runs the expression with the caller's rights.
CREATE OR REPLACE FUNCTION herald.rule_schema(w herald.watches, r herald.rules, samples text[], columns jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  op text;
  ops text[] := CASE r.operation WHEN 'any' THEN '{insert,update,delete,truncate}' ELSE ARRAY[r.operation] END;
  tries jsonb := '[]';
  tried jsonb;
BEGIN
  IF r.data IS NULL THEN
    RETURN herald.any_of(ARRAY(SELECT herald.default_schema(w, o) FROM unnest(ops) o));
  END IF;
  FOREACH op IN ARRAY ops LOOP
    tried := herald.try_rule(w.target, r.data, op, samples);
    IF jsonb_typeof(tried) = 'string' THEN
      RETURN jsonb_build_object('description', 'Not known: the rule failed with sample values (SQLSTATE ' || (tried #>> '{}') || ').');
    END IF;
    tries := tries || tried;
  END LOOP;
  RETURN herald.shape(ARRAY(SELECT t -> 'data' FROM jsonb_array_elements(tries) t), ARRAY(SELECT t FROM jsonb_array_elements(tries) t),
                      columns, herald.told(r.data));
END $$;

-- herald.try_rule(target, data, op, samples): what the expression makes of sample rows, one try
-- after the other: [{"data", "new", "old"}, ...].
-- Where it fails, the SQLSTATE as a string.
-- The tries leave nothing behind. They are read-only, which refuses writes and the drawing of ids,
-- and are rolled back.
CREATE OR REPLACE FUNCTION herald.try_rule(target regclass, data text, op text, samples text[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on AS $$
DECLARE
  none text := 'NULL::' || target;
  pair text[];
  tried jsonb;
  tries jsonb := '[]';
BEGIN
  PERFORM set_config('transaction_read_only', 'on', true);
  FOREACH pair SLICE 1 IN ARRAY CASE op
      WHEN 'insert' THEN ARRAY[[samples[1], none], [samples[2], none], [samples[3], none]]
      WHEN 'update' THEN ARRAY[[samples[1], samples[2]], [samples[2], samples[1]], [samples[3], samples[4]], [samples[1], samples[4]]]
      WHEN 'delete' THEN ARRAY[[none, samples[1]], [none, samples[2]], [none, samples[3]]]
      ELSE ARRAY[[none, none]] END LOOP
    EXECUTE format(E'SELECT jsonb_build_object(''new'', to_jsonb(new), ''old'', to_jsonb(old), ''data'', CASE WHEN true THEN (%s\n) ELSE NULL::jsonb END)'
                   ' FROM unnest(ARRAY[%s]) AS new, unnest(ARRAY[%s]) AS old', data, pair[1], pair[2]) INTO tried;
    tries := tries || tried;
  END LOOP;
  RAISE EXCEPTION USING ERRCODE = 'HE000';
EXCEPTION
  WHEN SQLSTATE 'HE000' THEN
    RETURN tries;
  WHEN OTHERS OR assert_failure THEN
    RETURN to_jsonb(SQLSTATE);
END $$;

-- herald.shape(seen, tries, columns, told, member): the schema of what was seen at one place.
--   seen     a value for each try. SQL NULL: there was none
--   tries    the rows of each, as in herald.try_rule
--   columns  schemas of the table's columns. A value that is a column's in all tries has its schema
--   told     herald.told of the rule. Only what its author wrote there as a literal is told as one.
--            So nobody reads here what is in a table
--   member   the name of this place. NULL: it has none
CREATE OR REPLACE FUNCTION herald.shape(seen jsonb[], tries jsonb[], columns jsonb, told text[], member text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  nullable boolean := 'null' = ANY (seen);
  kinds text[] := ARRAY(SELECT DISTINCT jsonb_typeof(v) FROM unnest(seen) v WHERE v <> 'null' ORDER BY 1);
  one jsonb := (SELECT min(v::text)::jsonb FROM unnest(seen) v WHERE v <> 'null' HAVING count(DISTINCT v) = 1);
  schema jsonb;
BEGIN
  IF kinds = '{}' THEN
    RETURN CASE WHEN herald.is_literal(told, member, 'null') THEN '{"type": "null"}' ELSE '{"description": "Not known: no sample row yields a value."}' END::jsonb;
  ELSIF one IS NOT NULL AND NOT nullable AND herald.is_literal(told, member, one) THEN
    RETURN jsonb_build_object('const', one);
  END IF;
  schema := coalesce(herald.column_of(seen, tries, columns), CASE kinds
    WHEN '{object}' THEN herald.object_shape(seen, tries, columns, told)
    WHEN '{array}' THEN herald.array_shape(seen, tries, columns, told)
    ELSE jsonb_build_object('type', CASE cardinality(kinds) WHEN 1 THEN to_jsonb(kinds[1]) ELSE to_jsonb(kinds) END) END);
  IF schema = '{"type": "string"}' AND (SELECT bool_and(v #>> '{}' ~ E'^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$') FROM unnest(seen) v WHERE v <> 'null') THEN
    schema := schema || '{"format": "date-time"}';
  END IF;
  RETURN CASE WHEN nullable THEN herald.or_null(schema) ELSE schema END;
END $$;

-- herald.is_literal(told, member, value): does one of the texts give this member this value as a
-- literal, "'member','value'"?
CREATE OR REPLACE FUNCTION herald.is_literal(told text[], member text, value jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  literal text := CASE jsonb_typeof(value) WHEN 'string' THEN quote_literal(value #>> '{}') ELSE value::text END;
BEGIN
  RETURN member IS NOT NULL AND EXISTS (
    SELECT FROM unnest(told) t, unnest(ARRAY[literal, CASE WHEN jsonb_typeof(value) <> 'string' THEN upper(literal) END]) l, unnest('{",",")"}'::text[]) behind
     WHERE strpos(t, quote_literal(member) || ',' || l || behind) > 0);
END $$;

-- herald.told(data): what the author of a rule wrote: its own text and that of the functions that
-- it names.
-- herald.is_literal looks for literals in it. So there are no blanks around commas and parentheses,
-- and no casts after literals.
-- A text that has something in it which chooses among values gets no commas, so that no literal is
-- found. Where the rule chooses, the texts of the functions get none either.
CREATE OR REPLACE FUNCTION herald.told(data text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  chooses text := E'\\m(case|when|coalesce|nullif|greatest|least|from|if|elsif|else|union)\\M|--|/\\*|\\$';
  alone text := '''([^'']|'''')*''';
  never boolean := regexp_replace(data, alone, '''''', 'g') ~* chooses;
BEGIN
  RETURN ARRAY(SELECT CASE WHEN never OR regexp_replace(t, alone, '''''', 'g') ~* chooses THEN translate(t, ',', ' ')
                      ELSE regexp_replace(regexp_replace(t, E'\\s*([,()])\\s*', E'\\1', 'g'), E'::[\\w.]+(?=[,)])', '', 'g') END
                 FROM unnest(herald.rule_texts(data)) t);
END $$;

-- herald.column_of(seen, tries, columns): the schema of the column whose values these are, without
-- null.
-- NULL: of no column, or of columns that differ.
CREATE OR REPLACE FUNCTION herald.column_of(seen jsonb[], tries jsonb[], columns jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT min((columns -> c.name)::text)::jsonb
            FROM (SELECT e.key AS name
                    FROM unnest(seen, tries) WITH ORDINALITY AS t(v, try, n),
                         LATERAL (SELECT * FROM jsonb_each(t.try -> 'new') UNION SELECT * FROM jsonb_each(t.try -> 'old')) e
                   WHERE t.v <> 'null' AND e.value = t.v
                   GROUP BY e.key HAVING count(DISTINCT t.n) = (SELECT count(*) FROM unnest(seen) v WHERE v <> 'null')) c
          HAVING count(DISTINCT columns -> c.name) = 1);
END $$;

-- herald.object_shape(...): the schema of objects. It has the members that any of them has. Those
-- that all have are required.
-- A name is told where it is a column's or stands in the text of the rule. Others could come out of
-- a table.
CREATE OR REPLACE FUNCTION herald.object_shape(seen jsonb[], tries jsonb[], columns jsonb, told text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT '{"type": "object"}' || CASE count(*) WHEN 0 THEN '{}' ELSE jsonb_build_object(
           'properties', jsonb_object_agg(m.name, herald.shape(ARRAY(SELECT v -> m.name FROM unnest(seen) WITH ORDINALITY AS s(v, n) ORDER BY n), tries, columns, told, m.name)),
           'required', coalesce(jsonb_agg(m.name ORDER BY m.name) FILTER (WHERE m.always), '[]')) END
    FROM (SELECT k AS name, count(*) = (SELECT count(*) FROM unnest(seen) v WHERE jsonb_typeof(v) = 'object') AS always
            FROM unnest(seen) v, jsonb_object_keys(CASE jsonb_typeof(v) WHEN 'object' THEN v ELSE '{}' END) k
           WHERE columns ? k OR position(k IN array_to_string(told, ' ')) > 0 GROUP BY k) m);
END $$;

-- herald.array_shape(...): the schema of arrays. All their elements are of one shape.
CREATE OR REPLACE FUNCTION herald.array_shape(seen jsonb[], tries jsonb[], columns jsonb, told text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT '{"type": "array"}' || CASE WHEN count(*) = 0 THEN '{}'
           ELSE jsonb_build_object('items', herald.shape(array_agg(e.value ORDER BY t.n, e.n), array_agg(t.try ORDER BY t.n, e.n), columns, told)) END
    FROM unnest(seen, tries) WITH ORDINALITY AS t(v, try, n),
         jsonb_array_elements(CASE jsonb_typeof(t.v) WHEN 'array' THEN t.v ELSE '[]' END) WITH ORDINALITY AS e(value, n));
END $$;

-- herald.any_of(schemas): one of them. Each counts once. NULL for none.
CREATE OR REPLACE FUNCTION herald.any_of(schemas jsonb[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT CASE count(*) WHEN 0 THEN NULL WHEN 1 THEN min(s.schema::text)::jsonb ELSE jsonb_build_object('anyOf', jsonb_agg(s.schema ORDER BY s.n)) END
    FROM (SELECT u.schema, min(u.n) AS n FROM unnest(schemas) WITH ORDINALITY AS u(schema, n) GROUP BY u.schema) s);
END $$;
