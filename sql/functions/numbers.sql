-- Numbers as texts. JSON bounds no number, but most who read it make a double of it. A double holds
-- integers up to 2^53 (RFC 8259, section 6). So a table may tell its int8 and numeric columns as
-- texts: herald.watch(..., numbers => 'text').

-- herald.wide_number(type): is it int8 or numeric, a domain over them, or an array of those?
-- 'value', 'array', or NULL for another type.
CREATE OR REPLACE FUNCTION herald.wide_number(type oid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  t pg_type;
BEGIN
  SELECT p.* INTO t FROM pg_type p WHERE p.oid = type;
  RETURN CASE WHEN t.oid IS NULL THEN NULL -- of a column that was dropped
              WHEN t.typtype = 'd' THEN herald.wide_number(t.typbasetype)
              WHEN type = ANY ('{int8,numeric}'::regtype[]) THEN 'value'
              WHEN t.typcategory = 'A' AND herald.wide_number(t.typelem) IS NOT NULL THEN 'array' END;
END $$;

-- herald.text_columns(w): the columns whose values are told as texts, and the type that makes a text
-- of them.
CREATE OR REPLACE FUNCTION herald.text_columns(w herald.watches) RETURNS TABLE (name text, type text, n bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.attname, CASE k.kind WHEN 'array' THEN 'pg_catalog.text[]' ELSE 'pg_catalog.text' END, row_number() OVER (ORDER BY a.attnum) - 1
    FROM pg_attribute a CROSS JOIN LATERAL (SELECT herald.wide_number(a.atttypid) OFFSET 0) AS k(kind)
   WHERE w.numbers = 'text' AND a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped AND k.kind IS NOT NULL
$$;

-- herald.column_source(rec, name): SQL text for a column of a record in a trigger function.
-- PL/pgSQL has words of its own, which SQL leaves unquoted.
CREATE OR REPLACE FUNCTION herald.column_source(rec text, name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT rec || '.' || CASE WHEN name = ANY ('{begin,by,declare,execute,foreach,if,loop,strict,while}') THEN '"' || name || '"' ELSE quote_ident(name) END
$$;

-- herald.value_source(w, rec, name): SQL text for the value of a column as events tell it.
CREATE OR REPLACE FUNCTION herald.value_source(w herald.watches, rec text, name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.column_source(rec, value_source.name) || coalesce((SELECT '::' || c.type FROM herald.text_columns(w) c WHERE c.name = value_source.name), '')
$$;

-- herald.whole_source(w, rec): SQL text for a whole row as jsonb, with its numbers as the watch says.
-- A function takes 100 arguments, so there is one object for each 50 columns.
CREATE OR REPLACE FUNCTION herald.whole_source(w herald.watches, rec text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN count(*) = 0 THEN format('pg_catalog.to_jsonb(%s)', rec)
              ELSE format('(pg_catalog.to_jsonb(%s)%s)', rec, string_agg(' OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(' || o.members || ')', '' ORDER BY o.n)) END
    FROM (SELECT c.n / 50 AS n, string_agg(format('%L, %s', c.name, herald.value_source(w, rec, c.name)), ', ' ORDER BY c.n) AS members
            FROM herald.text_columns(w) c WHERE herald.tells_column(w, c.name) GROUP BY c.n / 50) o
$$;

-- herald.as_texts(schema): the schema of the same values when their numbers are texts.
CREATE OR REPLACE FUNCTION herald.as_texts(schema jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_object_agg(m.key, CASE m.key
      WHEN 'type' THEN replace(replace(m.value::text, '"integer"', '"string"'), '"number"', '"string"')::jsonb
      WHEN 'items' THEN herald.as_texts(m.value)
      WHEN 'enum' THEN (SELECT jsonb_agg(CASE jsonb_typeof(v) WHEN 'number' THEN to_jsonb(v #>> '{}') ELSE v END ORDER BY n) FROM jsonb_array_elements(m.value) WITH ORDINALITY AS e(v, n))
      ELSE m.value END) FROM jsonb_each(schema) m);
END $$;

-- herald.told_schemas(w, nulls): {"<column>": its schema} as events of the watch tell the columns.
--   nulls  allow null where a column may be NULL
CREATE OR REPLACE FUNCTION herald.told_schemas(w herald.watches, nulls boolean) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_object_agg(c.key, CASE WHEN t.name IS NULL THEN c.value ELSE herald.as_texts(c.value) END), '{}')
    FROM jsonb_each(herald.column_schemas(w.target, nulls)) c LEFT JOIN herald.text_columns(w) t ON t.name = c.key
$$;

-- herald.check_numbers(numbers): raises unless it is a way to tell numbers.
CREATE OR REPLACE FUNCTION herald.check_numbers(numbers text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF numbers NOT IN ('number', 'text') THEN
    RAISE EXCEPTION 'pgherald: numbers is ''number'' or ''text'', not ''%''', numbers USING ERRCODE = 'invalid_parameter_value';
  END IF;
END $$;

-- herald.note_numbers(w): says so where keys of the table may be too large for a browser.
CREATE OR REPLACE FUNCTION herald.note_numbers(w herald.watches) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF w.numbers = 'number' AND EXISTS (SELECT FROM unnest(herald.key_columns(w)) k JOIN pg_attribute a ON a.attrelid = w.target AND a.attname = k AND NOT a.attisdropped
                                       WHERE herald.wide_number(a.atttypid) IS NOT NULL) THEN
    RAISE NOTICE 'pgherald: the primary key of ''%'' may hold numbers over 2^53, which JSON.parse rounds in a browser', w.target
      USING HINT = 'numbers => ''text'' tells int8 and numeric columns as strings.';
  END IF;
END $$;
