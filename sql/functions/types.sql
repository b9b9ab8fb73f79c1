-- What to_jsonb makes of values, as JSON Schema (2020-12). Written by hand from the documentation
-- of PostgreSQL 15, 9.16.

-- herald.or_null(schema): the same, or null.
CREATE OR REPLACE FUNCTION herald.or_null(schema jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT CASE
    WHEN schema ? 'enum' THEN jsonb_set(schema, '{enum}', schema -> 'enum' || 'null')
    WHEN schema ? 'const' THEN schema - 'const' || jsonb_build_object('enum', jsonb_build_array(schema -> 'const', NULL))
    WHEN schema ? 'type' AND NOT (jsonb_build_array() || (schema -> 'type')) ? 'null'
      THEN jsonb_set(schema, '{type}', jsonb_build_array() || (schema -> 'type') || '"null"')
    ELSE schema END);
END $$;

-- herald.type_schema(type, dims): a value of this type that is not NULL.
--   dims  dimensions of an array as they were declared. Of more than one nothing is said of the
--         elements
-- It is {} for anything: json, jsonb, and types with a cast to json. NaN and infinities go out as
-- strings, which is not said here.
CREATE OR REPLACE FUNCTION herald.type_schema(type oid, dims int DEFAULT 0) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  t pg_type;
BEGIN
  SELECT p.* INTO t FROM pg_type p WHERE p.oid = type;
  RETURN CASE
    WHEN t.typtype = 'd' THEN herald.type_schema(t.typbasetype, t.typndims)
    WHEN type = ANY ('{int2,int4,int8}'::regtype[]) THEN '{"type": "integer"}'
    WHEN type = ANY ('{float4,float8,numeric}'::regtype[]) THEN '{"type": "number"}'
    WHEN type = 'bool'::regtype THEN '{"type": "boolean"}'
    WHEN type = 'uuid'::regtype THEN '{"type": "string", "format": "uuid"}'
    WHEN type = 'date'::regtype THEN '{"type": "string", "format": "date"}'
    WHEN type = 'timestamptz'::regtype THEN '{"type": "string", "format": "date-time"}'
    WHEN type = ANY ('{json,jsonb}'::regtype[]) THEN '{}'
    WHEN t.typtype = 'e' THEN (SELECT jsonb_build_object('enum', jsonb_agg(e.enumlabel ORDER BY e.enumsortorder)) FROM pg_enum e WHERE e.enumtypid = type)
    WHEN t.typcategory = 'A' AND dims > 1 THEN '{"type": "array"}'
    WHEN t.typcategory = 'A' THEN jsonb_build_object('type', 'array', 'items', herald.or_null(herald.type_schema(t.typelem)))
    WHEN t.typtype = 'c' THEN (
      SELECT jsonb_build_object('type', 'object', 'required', jsonb_agg(a.attname ORDER BY a.attnum),
                                'properties', jsonb_object_agg(a.attname, herald.or_null(herald.type_schema(a.atttypid, a.attndims))))
        FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
    WHEN EXISTS (SELECT FROM pg_cast c WHERE c.castsource = type AND c.casttarget = 'json'::regtype AND c.castmethod = 'f') THEN '{}'
    ELSE '{"type": "string"}' END;
END $$;

-- herald.column_schemas(target, nulls): {"<column>": its schema} for all columns of a table.
-- A check that lists values (col IN (...)) is an enum.
--   nulls  allow null where a column may be NULL
CREATE OR REPLACE FUNCTION herald.column_schemas(target regclass, nulls boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_object_agg(a.attname, CASE WHEN herald.is_filled(a) OR t.typnotnull OR NOT nulls THEN s.schema ELSE herald.or_null(s.schema) END), '{}')
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    CROSS JOIN LATERAL (SELECT herald.listed_values(target, a.attnum) OFFSET 0) AS l(listed)
    CROSS JOIN LATERAL (SELECT CASE WHEN l.listed IS NULL THEN herald.type_schema(a.atttypid, a.attndims) ELSE jsonb_build_object('enum', l.listed) END) AS s(schema)
   WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped);
END $$;

-- herald.listed_values(target, attnum): the values that a check allows for a column. NULL: no check
-- lists them.
-- The check must hold for all rows and be nothing but a list of constants.
CREATE OR REPLACE FUNCTION herald.listed_values(target regclass, attnum int2) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  type text := '(?:::[a-z ]+)?';
  text_constant text := '''((?:[^'']|'''')*)''' || type;
  number_constant text := '(-?[0-9.]+)';
  constant text := '(?:' || text_constant || '|' || number_constant || ')';
  listed text := E'^CHECK \\(\\(\\(?(?:\\w+|"(?:[^"]|"")+")\\)?' || type || E' = ANY \\(\\(?ARRAY\\[((?:' || constant || E'(?:, )?)+)\\]\\)?(?:::[a-z ]+\\[\\])?\\)\\)\\)$';
  list text;
BEGIN
  SELECT m[1] INTO list
    FROM pg_constraint c, regexp_match(pg_get_constraintdef(c.oid), listed) m
   WHERE c.conrelid = target AND c.contype = 'c' AND c.convalidated AND c.conkey = ARRAY[attnum] AND m IS NOT NULL
   ORDER BY c.conname LIMIT 1;
  RETURN (SELECT jsonb_agg(coalesce(to_jsonb(replace(v[1], '''''', '''')), to_jsonb(v[2]::numeric)))
            FROM regexp_matches(list, text_constant || '|' || number_constant, 'g') v);
END $$;
