-- herald.audience_source(target, columns, rec): SQL text that yields the audience of a row as text[].
--   target   the watched table
--   columns  its routing columns
--   rec      'NEW' or 'OLD'
-- A column of an array type yields one key for each element. A NULL yields a NULL element, which matches nobody.
-- Reads pg_attribute. Called by herald.capture_source only.
CREATE OR REPLACE FUNCTION herald.audience_source(target regclass, columns text[], rec text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(
    string_agg(
      CASE WHEN t.typcategory = 'A'
        THEN format('ARRAY(SELECT %L || e::text FROM unnest(%s.%I) e)', a.attname || '=', rec, a.attname)
        ELSE format('ARRAY[%L || %s.%I::text]', a.attname || '=', rec, a.attname)
      END, ' || ' ORDER BY c.position),
    '''{}''::text[]')
    FROM unnest(columns) WITH ORDINALITY AS c(name, position)
    JOIN pg_attribute a ON a.attrelid = target AND a.attname = c.name AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
$$;

-- herald.key_source(target, rec): SQL text that yields the row's primary key as jsonb, 'NULL' for a table without one.
-- Reads pg_index, pg_attribute. Called by herald.capture_source only.
CREATE OR REPLACE FUNCTION herald.key_source(target regclass, rec text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(
    'jsonb_build_object(' || string_agg(format('%L, %s.%I', a.attname, rec, a.attname), ', ' ORDER BY k.position) || ')',
    'NULL::jsonb')
    FROM pg_index i
    CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
   WHERE i.indrelid = target AND i.indisprimary
$$;

-- herald.row_source(target, columns, exclude, rec): SQL text that yields what a subscriber may see of a row, as jsonb.
--   columns  only these; NULL: all
--   exclude  never these
-- Built on to_jsonb, so that a column that joins, leaves or changes its type shows in the next event and fails no writer.
-- An excluded column that is not there any more may live on under another name: then nothing of the row may go out, and the
-- capture has a fault.
CREATE OR REPLACE FUNCTION herald.row_source(columns text[], exclude text[], rec text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN columns IS NOT NULL THEN
      format('(SELECT coalesce(jsonb_object_agg(e.key, e.value), ''{}'') FROM jsonb_each(to_jsonb(%s)) e WHERE e.key = ANY (%L::text[]))',
             rec, ARRAY(SELECT c FROM unnest(columns) c WHERE c <> ALL (exclude)))
    WHEN exclude <> '{}' THEN
      format('(CASE WHEN to_jsonb(%1$s) ?& %2$L::text[] THEN to_jsonb(%1$s) - %2$L::text[] ELSE herald.excluded_is_gone(%2$L) END)', rec, exclude)
    ELSE format('to_jsonb(%s)', rec)
  END
$$;

-- herald.excluded_is_gone(exclude): raises, inside a trigger function's exception block. Returns nothing.
CREATE OR REPLACE FUNCTION herald.excluded_is_gone(exclude text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'an excluded column (%) is gone or renamed: watch the table anew', array_to_string(exclude, ', ')
    USING ERRCODE = 'undefined_column';
END $$;
