-- How long a change is for its readers.
-- jsonb may be short and its text long. 1e131071 takes 10 bytes and prints 131,072 digits. A
-- control character takes one byte and prints six.
-- So a change is measured where it is made, while its values are at hand, and only where it may be
-- long. pg_column_size tells that, because nothing is compressed yet.
-- What costs its readers far more than its writer is not kept, however short it is. Many such
-- changes would stop all readers. So what a tick prints is bounded by what was written.
-- The numbers here and in may_be_long:
--   1024   bytes of text that any change may print
--   32     times as much as it takes that a longer one may print. Text prints 6 times as much, and
--          the largest floats 20 times. Only numbers with hundreds of zeros print more.
--   16     times as much as it takes: from there on it is measured.
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

-- herald.is_too_long(bytes): is a change not kept that has this note?
CREATE OR REPLACE FUNCTION herald.is_too_long(bytes bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT bytes < 0 OR bytes > herald.told_bytes() $$;

-- herald.noted(bytes, size): the note of a change, for herald.changes.bytes.
-- It is the length of its text. NULL: it is short. Negative: it prints far more than it takes.
CREATE OR REPLACE FUNCTION herald.noted(bytes bigint, size bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN bytes > herald.told_bytes() THEN bytes WHEN bytes > 1024 AND bytes > 32 * size THEN - bytes WHEN bytes > herald.noted_bytes() THEN bytes END
$$;

-- herald.bounded(row_now, row_was): the two states of a row as they are kept, and their note.
-- Of a long update only those members of the former state are kept that have changed. A reader
-- tells no others.
-- Of a change that is too long nothing is kept.
CREATE OR REPLACE FUNCTION herald.bounded(INOUT row_now jsonb, INOUT row_was jsonb, OUT bytes bigint)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  now_bytes bigint := coalesce(herald.printed_bytes(row_now), 0);
  was_bytes bigint := coalesce(herald.printed_bytes(row_was), 0);
BEGIN
  bytes := herald.noted(now_bytes + was_bytes, coalesce(pg_column_size(row_now), 0)::bigint + coalesce(pg_column_size(row_was), 0));
  IF bytes > 0 AND row_now IS NOT NULL AND row_was IS NOT NULL AND greatest(now_bytes, was_bytes) <= herald.told_bytes() THEN
    row_was := (SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}') FROM jsonb_each(row_was) o
                 WHERE (row_now -> o.key)::text IS DISTINCT FROM o.value::text);
    was_bytes := octet_length(row_was::text);
    bytes := nullif(greatest(now_bytes + was_bytes, herald.noted_bytes()), herald.noted_bytes());
  END IF;
  IF herald.is_too_long(bytes) THEN
    row_now := NULL;
    row_was := NULL;
  END IF;
END $$;

-- herald.bounded_data(data): the same for the data of a rule, or of herald.publish.
CREATE OR REPLACE FUNCTION herald.bounded_data(INOUT data jsonb, OUT bytes bigint)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  bytes := herald.noted(herald.printed_bytes(data), pg_column_size(data #> '{}'));
  IF herald.is_too_long(bytes) THEN
    data := 'null';
  END IF;
END $$;

-- herald.bound_lines(w, op, rule): statements of a trigger function that measure what it has
-- computed.
-- That is the two states of the row and its key, or the data of one rule.
-- It is cheap where nothing is long: columns that may hold long numbers are printed, if there are
-- any.
CREATE OR REPLACE FUNCTION herald.bound_lines(w herald.watches, op text, rule int DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN rule IS NOT NULL THEN
      format('IF %1$s THEN SELECT b.data, b.bytes INTO "!data_%2$s", "!bytes_%2$s" FROM herald.bounded_data("!data_%2$s") AS b; END IF;',
             herald.may_be_long(format('"!data_%s"', rule), '{}'), rule)
    WHEN op <> 'truncate' THEN
      format('IF %s THEN SELECT b.row_now, b.row_was, b.bytes INTO "!row_now", "!row_was", "!bytes" FROM herald.bounded("!row_now", "!row_was") AS b; END IF;',
             (SELECT string_agg(herald.may_be_long(s, herald.long_columns(w)), ' OR ')
                FROM unnest(CASE op WHEN 'insert' THEN ARRAY['"!row_now"'] WHEN 'delete' THEN ARRAY['"!row_was"'] ELSE ARRAY['"!row_now"', '"!row_was"'] END) s))
        || coalesce(' ' || herald.key_lines(w), '') END
$$;

-- herald.may_be_long(value, columns): SQL text that is true where the text of this jsonb may be
-- long, or far longer than it is.
--   columns  members that may hold long numbers. '{}': anywhere, and it may be compressed. NULL:
--            nowhere
CREATE OR REPLACE FUNCTION herald.may_be_long(value text, columns text[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN columns IS NULL THEN size || ' OPERATOR(pg_catalog.>) ' || herald.noted_bytes()
    ELSE format('(%1$s OPERATOR(pg_catalog.>) 8192 OR %2$s OPERATOR(pg_catalog.>) least(%3$s, %1$s OPERATOR(pg_catalog.*) 16))',
      size,
      CASE WHEN cardinality(columns) BETWEEN 1 AND 8 THEN
        -- a member that does not exist has another name now
        (SELECT string_agg(format('coalesce(pg_catalog.octet_length(%1$s OPERATOR(pg_catalog.->>) %2$L), CASE WHEN %1$s OPERATOR(pg_catalog.?) %2$L THEN 0 ELSE %3$s END)',
                                  value, c, herald.noted_bytes()), ' OPERATOR(pg_catalog.+) ') FROM unnest(columns) c)
      ELSE format('pg_catalog.octet_length(%s::pg_catalog.text)', value) END, herald.noted_bytes()) END
    FROM format(CASE WHEN cardinality(columns) = 0 THEN 'pg_catalog.pg_column_size(%s OPERATOR(pg_catalog.#>) ''{}'')' ELSE 'pg_catalog.pg_column_size(%s)' END, value) size
$$;

-- herald.long_columns(w): the columns that events tell and that may hold long numbers. NULL: none.
CREATE OR REPLACE FUNCTION herald.long_columns(w herald.watches) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_attribute a
   WHERE a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped
     AND a.attname <> ALL (w.exclude) AND (w.columns IS NULL OR a.attname = ANY (w.columns))
     AND herald.may_hold_long(a.atttypid, a.atttypmod)
$$;

-- herald.may_hold_long(type, typmod): may a value of this type print far more than it takes, in JSON?
-- That is so for JSON, for numbers without a bound, for many numbers in one value, and for what has
-- these as elements, members or base. A cast to JSON may make anything of a value.
CREATE OR REPLACE FUNCTION herald.may_hold_long(type oid, typmod int) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN EXISTS (
    WITH RECURSIVE used(type, typmod, many) AS (
      SELECT $1, $2, false
      UNION
      SELECT p.type, p.typmod, p.many
        FROM used JOIN pg_type t ON t.oid = used.type,
             LATERAL (SELECT t.typbasetype, t.typtypmod, used.many WHERE t.typtype = 'd'
                      UNION ALL SELECT t.typelem, used.typmod, true WHERE t.typelem <> 0 AND t.typlen = -1
                      UNION ALL SELECT a.atttypid, a.atttypmod, used.many FROM pg_attribute a
                                 WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) p(type, typmod, many)
    )
    SELECT FROM used u JOIN pg_type t ON t.oid = u.type
     WHERE t.oid = ANY ('{json,jsonb}'::regtype[])
        -- the number of its digits, and of those after the point
        OR (t.oid = 'numeric'::regtype AND (u.typmod < 4 OR (u.typmod - 4) >> 16 > 100 OR ((u.typmod - 4) & 2047) > 100))
        OR (t.oid = ANY ('{float4,float8}'::regtype[]) AND u.many)
        OR t.typtype NOT IN ('b', 'c', 'd', 'e', 'm', 'r')
        OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = t.oid AND c.casttarget = ANY ('{json,jsonb}'::regtype[]) AND c.castmethod = 'f'));
END $$;

-- herald.bounded_key(key, bytes): the note of a change with this note and this key.
CREATE OR REPLACE FUNCTION herald.bounded_key(key jsonb, bytes bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN herald.is_too_long(bytes) THEN bytes WHEN herald.is_too_long(k.bytes) THEN k.bytes ELSE nullif(coalesce(bytes, 0) + coalesce(k.bytes, 0), 0) END
    FROM herald.bounded_data(key) AS k
$$;

-- herald.long_keys(w, untold): the columns of the key that may hold long numbers. NULL: none.
--   untold  only those that are not told with the row
CREATE OR REPLACE FUNCTION herald.long_keys(w herald.watches, untold boolean) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(c ORDER BY position)
    FROM unnest(herald.key_columns(w)) WITH ORDINALITY AS k(c, position)
    JOIN pg_attribute a ON a.attrelid = w.target AND a.attname = c
   WHERE herald.may_hold_long(a.atttypid, a.atttypmod) AND NOT (untold AND coalesce(c = ANY (w.columns), true))
$$;

-- herald.key_lines(w): the statement of a trigger function that measures a key which is not told
-- with the row. There is none where it cannot be long.
CREATE OR REPLACE FUNCTION herald.key_lines(w herald.watches) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('IF %s THEN "!bytes" := herald.bounded_key("!key", "!bytes"); END IF;', herald.may_be_long('"!key"', l))
    FROM herald.long_keys(w, true) l WHERE l IS NOT NULL
$$;

-- herald.left_key_lines(w): the same for the key that `left` tells.
CREATE OR REPLACE FUNCTION herald.left_key_lines(w herald.watches) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('      IF %s THEN SELECT b.data, b.bytes INTO "!left_key", "!left_bytes" FROM herald.bounded_data("!left_key") AS b; END IF;', herald.may_be_long('"!left_key"', l))
    FROM herald.long_keys(w, false) l WHERE l IS NOT NULL
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
