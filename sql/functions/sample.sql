-- Rows to try rules with. They are stored nowhere.
-- The values of a row differ from each other, and from those of another row, as far as their types
-- allow. So the values that a rule makes of a row show from which column they come.

-- herald.sample_text(type, n, name): the text of a value of this type. NULL: none is known.
--   n     differs for each column and row. Its parity is the value of a boolean, and decides
--         between the first and last label of an enum
--   name  the name of the column, a part of texts
CREATE OR REPLACE FUNCTION herald.sample_text(type oid, n int, name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  t pg_type;
BEGIN
  SELECT p.* INTO t FROM pg_type p WHERE p.oid = type;
  RETURN CASE
    WHEN t.typtype = 'd' THEN herald.sample_text(t.typbasetype, n, name)
    WHEN t.typtype = 'e' THEN (SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = type ORDER BY CASE n % 2 WHEN 1 THEN e.enumsortorder ELSE -e.enumsortorder END LIMIT 1)
    WHEN t.typtype = 'c' THEN '(' || repeat(',', (SELECT count(*)::int - 1 FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)) || ')'
    WHEN t.typcategory = 'A' AND t.typelem <> 0
      THEN '{"' || regexp_replace(herald.sample_text(t.typelem, n, name), E'(["\\\\])', E'\\\\\\1', 'g') || '"}'
    WHEN type = ANY ('{int2,int4,int8,oid}'::regtype[]) THEN n::text
    WHEN type = ANY ('{numeric,float4,float8,money}'::regtype[]) THEN n || '.5'
    WHEN type = 'bool'::regtype THEN CASE n % 2 WHEN 1 THEN 'true' ELSE 'false' END
    WHEN type = 'uuid'::regtype THEN '00000000-0000-4000-8000-' || lpad(n::text, 12, '0')
    WHEN type = 'date'::regtype THEN (date '2001-01-01' + n)::text
    WHEN type = ANY ('{timestamp,timestamptz}'::regtype[]) THEN (timestamp '2001-01-01 00:00:00.123' + n * interval '1 hour') || '+00'
    WHEN type = ANY ('{time,timetz}'::regtype[]) THEN (time '00:00' + n * interval '1 second') || '+00'
    WHEN type = 'interval'::regtype THEN n || ' seconds'
    WHEN type = ANY ('{json,jsonb}'::regtype[]) THEN jsonb_build_object('~sample', n)::text
    WHEN type = 'bytea'::regtype THEN E'\\x' || lpad(to_hex(n), 8, '0')
    WHEN type = ANY ('{inet,cidr}'::regtype[]) THEN format('10.0.%s.%s', n / 256 % 256, n % 256)
    WHEN t.typcategory = 'S' OR type = 'name'::regtype THEN n || '~' || name
  END;
END $$;

-- herald.sample_row(target, which, sparse): SQL text of a row of the table.
--   which   number of the row, 1 to 7. Rows of other numbers have other values
--   sparse  NULL wherever a column may be
-- A type may have no sample, or refuse it (a domain's check, a narrow number). Then the column is
-- tried with others, and is NULL in the end.
CREATE OR REPLACE FUNCTION herald.sample_row(target regclass, which int, sparse boolean) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  types oid[];
  casts text[];
  names text[];
  items text[];
BEGIN
  SELECT array_agg(a.atttypid ORDER BY a.attnum), array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum), array_agg(a.attname ORDER BY a.attnum),
         coalesce(array_agg(CASE WHEN herald.is_filled(a) OR t.typnotnull OR NOT sparse
           THEN format('%L::%s', herald.sample_text(a.atttypid, 4000 * which + 2 * a.attnum + which % 2, a.attname), format_type(a.atttypid, a.atttypmod))
           ELSE 'NULL' END ORDER BY a.attnum), '{}')
    INTO types, casts, names, items
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
   WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped;
  IF NOT herald.can_be(array_to_string(items, ', ')) THEN
    FOR i IN 1 .. cardinality(items) LOOP
      items[i] := coalesce((SELECT o FROM unnest(ARRAY[items[i]] || ARRAY(
                              SELECT format('%L::%s', herald.sample_text(types[i], n, names[i]), casts[i]) FROM unnest(ARRAY[4000 * which + 2 * i + which % 2 + 1, which]) n)) o
                             WHERE herald.can_be(o) LIMIT 1), 'NULL');
    END LOOP;
  END IF;
  RETURN format('ROW(%s)::%s', array_to_string(items, ', '), target);
END $$;

-- herald.can_be(items): do these expressions, constants with their types, yield values?
CREATE OR REPLACE FUNCTION herald.can_be(items text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE 'SELECT ' || items;
  RETURN true;
EXCEPTION WHEN OTHERS THEN
  RETURN false;
END $$;

-- herald.sample_rows(target): four rows. Two have a value wherever there is a sample, two are
-- sparse.
CREATE OR REPLACE FUNCTION herald.sample_rows(target regclass) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(herald.sample_row(target, n, n > 2) ORDER BY n) FROM generate_series(1, 4) n
$$;
