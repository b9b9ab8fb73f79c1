-- herald.audience_source(target, columns, rec): SQL text that yields the audience of a row as
-- text[].
--   target   the watched table
--   columns  its routing columns
--   rec      'NEW' or 'OLD'
-- A column of an array type yields one key for each element. Any other column yields the text of
-- its value.
-- textanycat takes no array. So a column that becomes an array is a fault until this text is made
-- again.
-- A NULL yields a NULL element, which matches nobody.
-- A column that does not exist is named all the same, so each change is a fault. Without the name
-- the row would go to others, or to nobody.
-- Reads pg_attribute. Only herald.capture_source calls it.
CREATE OR REPLACE FUNCTION herald.audience_source(target regclass, columns text[], rec text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(
    string_agg(
      CASE WHEN strpos(c.name, '=') > 0 -- in a watch that is older than herald.check_keys
        THEN 'ARRAY[NULL::pg_catalog.text]'
        WHEN t.typcategory = 'A'
        THEN format('ARRAY(SELECT %L OPERATOR(pg_catalog.||) pg_catalog.unnest(%s.%I)::pg_catalog.text)', c.name || '=', rec, c.name)
        ELSE format('ARRAY[pg_catalog.textanycat(%L, %s.%I)]', c.name || '=', rec, c.name)
      END, ' OPERATOR(pg_catalog.||) ' ORDER BY c.position),
    '''{}''::pg_catalog.text[]')
    FROM unnest(columns) WITH ORDINALITY AS c(name, position)
    LEFT JOIN (pg_attribute a JOIN pg_type t ON t.oid = a.atttypid) ON a.attrelid = target AND a.attname = c.name AND NOT a.attisdropped
$$;

-- herald.key_source(w, rec): SQL text that yields the row's primary key as jsonb.
-- It is NULL for a table without one.
CREATE OR REPLACE FUNCTION herald.key_source(w herald.watches, rec text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce('pg_catalog.jsonb_build_object(' || string_agg(format('%L, %s.%I', c, rec, c), ', ' ORDER BY position) || ')', 'NULL::pg_catalog.jsonb')
    FROM unnest(herald.key_columns(w)) WITH ORDINALITY AS k(c, position)
$$;

-- herald.key_columns(w): the columns of the primary key, in the order of the key, as events tell
-- it.
-- There are none where one of them is excluded: what is left of the key does not identify a row.
-- Reads pg_index, pg_attribute.
CREATE OR REPLACE FUNCTION herald.key_columns(w herald.watches) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN bool_or(a.attname = ANY (w.exclude) OR a.attnum = ANY (w.hidden)) IS NOT FALSE THEN '{}' ELSE array_agg(a.attname::text ORDER BY k.position) END
    FROM pg_index i
    CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
   WHERE i.indrelid = w.target AND i.indisprimary
$$;

-- herald.row_lines(w, rec, variable): statements that put the visible part of a row into a
-- variable, as jsonb.
--   w    the watch: its columns (NULL: all), and those that it excludes
--   rec  'NEW' or 'OLD'
-- It uses to_jsonb. So a column that is added, dropped or changes its type shows in the next event,
-- and no writer fails.
-- Excluded columns are removed by name only as long as all names are known. Else one of them may
-- have been renamed.
CREATE OR REPLACE FUNCTION herald.row_lines(w herald.watches, rec text, variable text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN w.columns IS NOT NULL THEN
      format('%I := (SELECT coalesce(pg_catalog.jsonb_object_agg(e.key, e.value), ''{}'') FROM pg_catalog.jsonb_each(pg_catalog.to_jsonb(%s)) e '
             'WHERE e.key OPERATOR(pg_catalog.=) ANY (%L::pg_catalog.text[]));', variable, rec, ARRAY(SELECT c FROM unnest(w.columns) c WHERE c <> ALL (w.exclude)))
    WHEN w.exclude <> '{}' THEN
      format('%1$I := pg_catalog.to_jsonb(%2$s); '
             '%1$I := CASE WHEN %1$I OPERATOR(pg_catalog.?&) %3$L::pg_catalog.text[] AND %1$I OPERATOR(pg_catalog.-) %4$L::pg_catalog.text[] OPERATOR(pg_catalog.=) ''{}'' '
             'THEN %1$I OPERATOR(pg_catalog.-) %3$L::pg_catalog.text[] ELSE herald.row_without(%5$s, %6$L, %1$I) END;',
             variable, rec, w.exclude, herald.known_columns(w), w.id, w.hidden)
    ELSE format('%I := pg_catalog.to_jsonb(%s);', variable, rec)
  END
$$;

-- herald.known_columns(w): the names of its columns, without those that were excluded by another
-- name.
CREATE OR REPLACE FUNCTION herald.known_columns(w herald.watches) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute a
   WHERE a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped AND (a.attnum <> ALL (w.hidden) OR a.attname = ANY (w.exclude))
$$;

-- herald.row_without(watch, excluded, row_now): the row, where columns have other names than
-- before.
-- An excluded column that was dropped is no secret.
-- One that was renamed would go out under its new name. Then this raises, within the exception
-- block of the trigger function, and nothing of the row goes out.
--   watch     id of the watched table
--   excluded  numbers of the columns that were excluded by name when it was watched
CREATE OR REPLACE FUNCTION herald.row_without(watch int, excluded int2[], row_now jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w herald.watches;
BEGIN
  SELECT * INTO w FROM herald.watches h WHERE h.id = watch;
  IF (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = w.target AND a.attnum = ANY (excluded)
         AND (a.attisdropped OR a.attname = ANY (w.exclude))) < cardinality(excluded) OR w.id IS NULL THEN
    RAISE EXCEPTION 'an excluded column (%) was renamed: watch the table anew', array_to_string(w.exclude, ', ')
      USING ERRCODE = 'undefined_column';
  END IF;
  RETURN row_now - w.exclude;
END $$;
