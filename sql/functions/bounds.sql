-- How long a change is for its readers.
-- jsonb may be short and its text long. 1e131071 takes 10 bytes and prints 131,072 digits. A
-- control character takes one byte and prints six.
-- So a change is measured where it is made, while its values are at hand, and only where it may be
-- long. pg_column_size tells that, because nothing is compressed yet.
-- The numbers here and in bound_lines:
--   400    bytes of jsonb. They print 5 MB at the worst: 33 numbers. Less is not measured.
--   8192   bytes that are printed at once to be measured. They print 90 MB at the worst.
--   50     levels that are taken apart one by one. Each is a call, and the server's stack is
--          bounded. Of what is nested deeper the numbers are measured first (deep_bytes).

-- herald.told_bytes(): bytes of text. A longer change is told without its data, and the data is not
-- kept. A longer answer of an action is an error.
CREATE OR REPLACE FUNCTION herald.told_bytes() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 16777216::bigint $$;

-- herald.noted_bytes(): bytes of text. The length of a shorter change is not noted.
CREATE OR REPLACE FUNCTION herald.noted_bytes() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 65536::bigint $$;

-- herald.keys_bytes(): bytes of routing keys that one change may have. That is about 200,000 keys.
CREATE OR REPLACE FUNCTION herald.keys_bytes() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 4194304 $$;

-- herald.printed_bytes(value, room, level): about the length of its text.
-- Where that is more than room, it is measured in pieces that are printed one after the other. So a
-- text that is far longer is never printed whole.
--   level  how deep the value is nested in what is measured
CREATE OR REPLACE FUNCTION herald.printed_bytes(value jsonb, room bigint DEFAULT herald.told_bytes(), level int DEFAULT 0) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  flat jsonb := value #> '{}'; -- taken out of what may hold it compressed
  raw bigint := pg_column_size(flat);
  kind text := jsonb_typeof(flat);
  total bigint := 2;
  elements int;
  step int;
  member record;
BEGIN
  IF raw > room OR raw IS NULL THEN
    RETURN raw;
  ELSIF raw <= 8192 OR kind NOT IN ('array', 'object') THEN
    RETURN octet_length(flat::text);
  ELSIF level > 50 THEN
    RETURN herald.deep_bytes(flat, room);
  ELSIF kind = 'object' THEN
    FOR member IN SELECT e.key, e.value FROM jsonb_each(flat) e LOOP
      total := total + octet_length(to_json(member.key)::text) + 4;
      -- no CASE: a plan for this very value would compute both arms
      IF pg_column_size(member.value) <= 8192 THEN
        total := total + octet_length(member.value::text);
      ELSE
        total := total + herald.printed_bytes(member.value, room - total, level + 1);
      END IF;
      EXIT WHEN total > room;
    END LOOP;
    RETURN total;
  END IF;
  elements := jsonb_array_length(flat);
  IF elements = 1 THEN
    RETURN total + herald.printed_bytes(flat -> 0, room, level + 1);
  END IF;
  step := greatest(1, elements * 4096::bigint / raw);
  FOR i IN 0 .. elements - 1 BY step LOOP
    total := total + herald.printed_bytes(jsonb_path_query_array(flat, 'lax $[$first to $last]',
      jsonb_build_object('first', i, 'last', least(i + step, elements) - 1)), room - total, level + 1);
    EXIT WHEN total > room;
  END LOOP;
  RETURN total;
END $$;

-- herald.deep_bytes(flat, room): the same for what is nested too deep to be taken apart.
-- The numbers in it are measured first, as one flat array. All else prints at most six times as long
-- as it is. So the whole is printed only where its numbers are short.
-- A path cannot go down some 10,000 levels. What is nested deeper counts as too long.
CREATE OR REPLACE FUNCTION herald.deep_bytes(flat jsonb, room bigint) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  numbers bigint;
BEGIN
  numbers := herald.printed_bytes(jsonb_path_query_array(flat, 'strict $.**{last} ? (@.type() == "number")'), room);
  RETURN CASE WHEN numbers > room THEN numbers ELSE octet_length(flat::text) END;
EXCEPTION WHEN statement_too_complex THEN
  RETURN room + pg_column_size(flat);
END $$;

-- herald.bounded(row_now, row_was): the two states of a row as they are kept.
-- bytes is the length of their text where that is long.
-- Of a long update only those members of the former state are kept that have changed. A reader
-- tells no others.
-- Of a change that is too long nothing is kept.
CREATE OR REPLACE FUNCTION herald.bounded(INOUT row_now jsonb, INOUT row_was jsonb, OUT bytes bigint)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  now_bytes bigint := coalesce(herald.printed_bytes(row_now), 0);
  was_bytes bigint := coalesce(herald.printed_bytes(row_was), 0);
BEGIN
  IF row_now IS NOT NULL AND row_was IS NOT NULL AND now_bytes + was_bytes > herald.noted_bytes() AND greatest(now_bytes, was_bytes) <= herald.told_bytes() THEN
    row_was := (SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}') FROM jsonb_each(row_was) o
                 WHERE (row_now -> o.key)::text IS DISTINCT FROM o.value::text);
    was_bytes := octet_length(row_was::text);
  END IF;
  bytes := nullif(greatest(now_bytes + was_bytes, herald.noted_bytes()), herald.noted_bytes());
  IF bytes > herald.told_bytes() THEN
    row_now := NULL;
    row_was := NULL;
  END IF;
END $$;

-- herald.bounded_data(data): the same for the data of a rule, or of herald.publish.
CREATE OR REPLACE FUNCTION herald.bounded_data(INOUT data jsonb, OUT bytes bigint)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  bytes := nullif(greatest(herald.printed_bytes(data), herald.noted_bytes()), herald.noted_bytes());
  IF bytes > herald.told_bytes() THEN
    data := 'null';
  END IF;
END $$;

-- herald.bound_lines(w, op, rule): statements of a trigger function that measure what it has
-- computed.
-- That is the two states of the row, or the data of one rule.
-- It is cheap where nothing is long: a comparison or two.
-- A row is printed where columns that may hold numbers of any length have more than 400 bytes.
CREATE OR REPLACE FUNCTION herald.bound_lines(w herald.watches, op text, rule int DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN rule IS NOT NULL THEN
      format('IF %1$s THEN SELECT b.data, b.bytes INTO "!data_%2$s", "!bytes_%2$s" FROM herald.bounded_data("!data_%2$s") AS b; END IF;',
             herald.may_be_long(format('"!data_%s" OPERATOR(pg_catalog.#>) ''{}''', rule), '{}'), rule)
    WHEN op <> 'truncate' THEN
      format('IF %s THEN SELECT b.row_now, b.row_was, b.bytes INTO "!row_now", "!row_was", "!bytes" FROM herald.bounded("!row_now", "!row_was") AS b; END IF;',
             (SELECT string_agg(herald.may_be_long(s, herald.long_columns(w)), ' OR ')
                FROM unnest(CASE op WHEN 'insert' THEN ARRAY['"!row_now"'] WHEN 'delete' THEN ARRAY['"!row_was"'] ELSE ARRAY['"!row_now"', '"!row_was"'] END) s)) END
$$;

-- herald.may_be_long(value, columns): SQL text that is true where the text of this jsonb may be
-- long.
--   columns  members that may hold many numbers of any length. '{}': anywhere. NULL: nowhere.
CREATE OR REPLACE FUNCTION herald.may_be_long(value text, columns text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN columns IS NULL THEN size || ' OPERATOR(pg_catalog.>) ' || herald.noted_bytes()
    ELSE format('(%1$s OPERATOR(pg_catalog.>) 400 AND (%1$s OPERATOR(pg_catalog.>) 8192 OR %3$s pg_catalog.octet_length((%2$s)::pg_catalog.text) OPERATOR(pg_catalog.>) %4$s))',
      size, value,
      -- a member that does not exist has another name now
      (SELECT string_agg(format('coalesce(pg_catalog.pg_column_size(%s OPERATOR(pg_catalog.->) %L), 401)', value, c), ' OPERATOR(pg_catalog.+) ')
              || ' OPERATOR(pg_catalog.>) 400 AND ' FROM unnest(columns) c HAVING count(*) <= 3), herald.noted_bytes()) END
    FROM format('pg_catalog.pg_column_size(%s)', value) size
$$;

-- herald.long_columns(w): the columns that events tell and that may hold many numbers of any
-- length.
-- NULL: none. A single number has 150,000 digits at the most, which does not matter.
-- Text prints at most six times as long as it is.
CREATE OR REPLACE FUNCTION herald.long_columns(w herald.watches) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_type plain ON plain.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
    JOIN pg_type element ON element.oid = coalesce(nullif(plain.typelem, 0), plain.oid)
    JOIN pg_type base ON base.oid = coalesce(nullif(element.typbasetype, 0), element.oid)
   WHERE a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped
     AND a.attname <> ALL (w.exclude) AND (w.columns IS NULL OR a.attname = ANY (w.columns))
     AND (base.typtype NOT IN ('b', 'e', 'r', 'm') OR base.oid = ANY ('{json,jsonb}'::regtype[])
          OR (base.oid <> plain.oid AND base.oid = ANY ('{numeric,float4,float8}'::regtype[]))
          OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = base.oid AND c.casttarget IN ('json'::regtype, 'jsonb'::regtype) AND c.castmethod = 'f'))
$$;

-- herald.keys_lines(w): the statement of a trigger function that refuses more routing keys than
-- herald.keys_bytes.
-- The event becomes `bulk`, as with any fault. There is none where the routing columns cannot make
-- so many.
CREATE OR REPLACE FUNCTION herald.keys_lines(w herald.watches) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('    IF pg_catalog.pg_column_size("!seen_by") OPERATOR(pg_catalog.>) %1$s OR pg_catalog.pg_column_size("!left_by") OPERATOR(pg_catalog.>) %1$s THEN'
                ' RAISE EXCEPTION ''the routing columns make keys of more than 4 MB''; END IF;', herald.keys_bytes())
    FROM pg_attribute a WHERE a.attrelid = w.target AND a.attname = ANY (w.audience) AND a.attlen = -1 LIMIT 1
$$;
