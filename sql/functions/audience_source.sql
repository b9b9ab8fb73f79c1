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
        THEN format('ARRAY(SELECT %L OPERATOR(pg_catalog.||) %s::pg_catalog.text)', c.name || '=', herald.routing_text(a.atttypid, format('pg_catalog.unnest(%s)', herald.column_source(rec, c.name))))
        ELSE format('ARRAY[pg_catalog.textanycat(%L, %s)]', c.name || '=', herald.routing_text(a.atttypid, herald.column_source(rec, c.name)))
      END, ' OPERATOR(pg_catalog.||) ' ORDER BY c.position),
    '''{}''::pg_catalog.text[]')
    FROM unnest(columns) WITH ORDINALITY AS c(name, position)
    LEFT JOIN (pg_attribute a JOIN pg_type t ON t.oid = a.atttypid) ON a.attrelid = target AND a.attname = c.name AND NOT a.attisdropped
$$;

-- herald.key_source(w, rec): SQL text that yields the row's primary key as jsonb.
-- It is NULL for a table without one.
CREATE OR REPLACE FUNCTION herald.key_source(w herald.watches, rec text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce('pg_catalog.jsonb_build_object(' || string_agg(format('%L, %s', c, herald.value_source(w, rec, c)), ', ' ORDER BY position) || ')', 'NULL::pg_catalog.jsonb')
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
   WHERE i.indrelid = w.target AND i.indisprimary AND k.position <= i.indnkeyatts -- the rest is INCLUDEd
$$;

-- herald.tells_column(w, name): do default events of the watch show this column?
CREATE OR REPLACE FUNCTION herald.tells_column(w herald.watches, name text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT name <> ALL (w.exclude) AND (w.columns IS NULL OR name = ANY (w.columns))
$$;

-- herald.row_lines(w, rec, variable): statements that put the visible part of a row into a
-- variable, as jsonb.
--   w    the watch: its columns (NULL: all), and those that it excludes
--   rec  'NEW' or 'OLD'
-- It uses to_jsonb, and names columns only where their numbers are told as texts. So a column that
-- is added, dropped or changes its type shows in the next event, and no writer fails.
-- Excluded columns are removed by name. herald.hidden_lines has made sure of the names.
CREATE OR REPLACE FUNCTION herald.row_lines(w herald.watches, rec text, variable text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN w.columns IS NOT NULL THEN
      format('%I := (SELECT coalesce(pg_catalog.jsonb_object_agg(e.key, e.value), ''{}'') FROM pg_catalog.jsonb_each(%s) e '
             'WHERE e.key OPERATOR(pg_catalog.=) ANY (%L::pg_catalog.text[]));', variable, herald.whole_source(w, rec), ARRAY(SELECT c FROM unnest(w.columns) c WHERE c <> ALL (w.exclude)))
    WHEN w.exclude <> '{}' THEN format('%I := %s OPERATOR(pg_catalog.-) %L::pg_catalog.text[];', variable, herald.whole_source(w, rec), w.exclude)
    ELSE format('%I := %s;', variable, herald.whole_source(w, rec))
  END
$$;

-- herald.hidden_lines(w): the statement of a trigger function that refuses to tell a row by names
-- as long as an excluded column has another name than when it was excluded.
-- The event becomes `bulk`, as with any fault. A table without excluded columns needs no such
-- statement.
CREATE OR REPLACE FUNCTION herald.hidden_lines(w herald.watches) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('    IF NOT herald.hides(''%s''::pg_catalog.regclass, %L, %L) THEN RAISE EXCEPTION USING MESSAGE = %L; END IF;',
                w.target::oid, w.hidden, w.exclude, format('an excluded column (%s) was renamed: watch the table anew', array_to_string(w.exclude, ', ')))
   WHERE w.exclude <> '{}'
$$;

-- herald.hides(relation, hidden, exclude): do the names still hide the columns?
--   hidden   numbers of the columns that were excluded by name. One that was dropped is no secret
--   exclude  the names
-- It says that it is IMMUTABLE, and it is not. So the server asks once for each plan, and writers
-- pay nothing for it. A plan is made again after DDL of each table that it names as a regclass.
-- It asks the server's own cache of the catalog. The snapshot of a REPEATABLE READ transaction may
-- be older than the names of the row.
CREATE OR REPLACE FUNCTION herald.hides(relation regclass, hidden int2[], exclude text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN NOT EXISTS (SELECT FROM unnest(hidden) n, pg_identify_object_as_address('pg_class'::regclass, relation, n) i
                      -- of a column that is gone no privilege is known
                      WHERE i.object_names[3] <> ALL (exclude) AND has_column_privilege(relation, n, 'SELECT') IS NOT NULL);
END $$;

-- herald.keep_hidden(w): notes the numbers of the columns that have excluded names now, beside
-- those that are noted.
-- A column that was dropped and made again by its name has another number. From now on it is hidden
-- by that too.
-- While one has another name than when it was excluded, nothing is told and nothing is noted.
-- Returns the row of the watch. Writes herald.watches.
CREATE OR REPLACE FUNCTION herald.keep_hidden(w herald.watches) RETURNS herald.watches
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  excluded int2[] := herald.numbers_of(w.target, w.exclude);
BEGIN
  IF NOT excluded <@ w.hidden AND herald.hides(w.target, w.hidden, w.exclude) THEN
    UPDATE herald.watches h SET hidden = ARRAY(SELECT unnest(w.hidden) UNION SELECT unnest(excluded) ORDER BY 1) WHERE h.id = w.id RETURNING h.* INTO w;
  END IF;
  RETURN w;
END $$;

-- herald.row_without(watch, excluded, row_now): the row, where columns have other names than
-- before.
-- A writer that has a trigger function of an older version may still call it.
--   watch     id of the watched table
--   excluded  numbers of the columns that were excluded by name when it was watched
CREATE OR REPLACE FUNCTION herald.row_without(watch int, excluded int2[], row_now jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w herald.watches;
BEGIN
  SELECT * INTO w FROM herald.watches h WHERE h.id = watch;
  IF herald.hides(w.target, excluded, w.exclude) IS NOT TRUE THEN
    RAISE EXCEPTION 'an excluded column (%) was renamed: watch the table anew', array_to_string(w.exclude, ', ')
      USING ERRCODE = 'undefined_column';
  END IF;
  RETURN row_now - w.exclude;
END $$;

DROP FUNCTION IF EXISTS herald.known_columns(herald.watches); -- trigger functions knew them by name
