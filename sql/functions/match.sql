-- What only the database can say of a stream's match, when somebody opens the stream:
--   - the values that a function yields ("function:app.my_rooms")
--   - values as the type of the routing column writes them. A GUID in capitals is a uuid, and 5 is
--     a numeric(10,2)
-- Both are asked once at each opening, and never for an event.

-- herald.routing_type(type, typmod): what the values of such a column route by: the type below
-- domains, or that of an array's elements.
CREATE OR REPLACE FUNCTION herald.routing_type(type oid, typmod int, OUT base oid, OUT base_typmod int)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  t pg_type;
BEGIN
  base := type;
  base_typmod := typmod;
  LOOP
    SELECT p.* INTO t FROM pg_type p WHERE p.oid = base;
    IF t.typtype = 'd' THEN
      base := t.typbasetype;
      base_typmod := t.typtypmod;
    ELSIF t.typcategory = 'A' THEN
      base := t.typelem;
    ELSE
      EXIT;
    END IF;
  END LOOP;
END $$;

-- herald.routing_text(type, expression): SQL text for the text by which a value routes.
-- It is the value's own text, but for types of which equal values have several texts: 5 and 5.00 of
-- numeric, and citext, which compares in small letters.
CREATE OR REPLACE FUNCTION herald.routing_text(type oid, expression text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN type = 'numeric'::regtype THEN format('pg_catalog.trim_scale(%s)', expression)
              WHEN t.typname = 'citext' AND t.typcategory = 'S' THEN format('pg_catalog.lower(%s::pg_catalog.text)', expression)
              ELSE expression END
    FROM pg_type t WHERE t.oid = type
$$;

-- herald.routing_columns(s): the columns of its watched tables that each key of its match routes by.
CREATE OR REPLACE FUNCTION herald.routing_columns(s herald.streams) RETURNS TABLE (key text, type oid, typmod int)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT k.key, r.base, r.base_typmod
    FROM jsonb_object_keys(s.match) k(key)
    JOIN herald.watches w ON w.topic = ANY (s.topics) AND k.key = ANY (w.audience)
    JOIN pg_attribute a ON a.attrelid = w.target AND a.attname = k.key AND a.attnum > 0 AND NOT a.attisdropped
   CROSS JOIN LATERAL herald.routing_type(a.atttypid, a.atttypmod) r
$$;

-- herald.compares(s): how the values of each key of its match compare, in the order of the keys.
--   text  as they are
--   int   as they are, where they are written as int8 writes them
--   uuid  as they are, where they are written as uuid writes them
--   type  as the database says (herald.typed)
CREATE OR REPLACE FUNCTION herald.compares(s herald.streams) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(
    SELECT CASE count(DISTINCT c.way) WHEN 0 THEN 'text' WHEN 1 THEN min(c.way) ELSE 'type' END
      FROM jsonb_object_keys(s.match) k(key)
      LEFT JOIN (SELECT r.key, CASE WHEN r.type = ANY ('{text,varchar,name}'::regtype[]) OR t.typtype = 'e' THEN 'text'
                                    WHEN r.type = ANY ('{int2,int4,int8}'::regtype[]) THEN 'int'
                                    WHEN r.type = 'uuid'::regtype THEN 'uuid' ELSE 'type' END AS way
                   FROM herald.routing_columns(s) r JOIN pg_type t ON t.oid = r.type) c ON c.key = k.key
     GROUP BY k.key ORDER BY k.key)
$$;

-- herald.typed(path, given): the given values as the types of the routing columns write them.
--   given  {"<key>": ["<value>", ...]}
-- Returns those that are not among the given ones, in the same form. A value that a type does not
-- take, or does not hold as it is, is left out: 4.999 is no numeric(10,2).
CREATE OR REPLACE FUNCTION herald.typed(path text, given jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET TimeZone = 'UTC' SET DateStyle = 'ISO, MDY' SET IntervalStyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1 SET lc_monetary = 'C' AS $$
#variable_conflict use_variable
DECLARE
  c record;
  given_values text[];
  taken text[];
  typed jsonb := '{}';
BEGIN
  FOR c IN SELECT r.key, r.type, r.typmod FROM herald.streams s, herald.routing_columns(s) r WHERE s.path = path AND given ? r.key LOOP
    given_values := ARRAY(SELECT jsonb_array_elements_text(given -> c.key));
    taken := herald.written(c.type, c.typmod, given_values);
    typed := jsonb_set(typed, ARRAY[c.key], coalesce(typed -> c.key, '[]') || coalesce(
      (SELECT jsonb_agg(DISTINCT t.value) FROM unnest(taken) t(value) WHERE t.value NOT IN (SELECT unnest(given_values))), '[]'));
  END LOOP;
  RETURN typed;
END $$;

-- herald.written(type, typmod, given): these values as the type writes them, without those that it
-- does not take.
-- All at once where it takes all, else one by one. A cast may cut a value to what fits. Then the two
-- are not equal.
CREATE OR REPLACE FUNCTION herald.written(type oid, typmod int, given text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  plain text := (SELECT format('%I.%I', n.nspname, t.typname) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = type);
  query text := format('SELECT array_agg((%s)::text) FROM unnest($1) v%s', herald.routing_text(type, 'v::' || format_type(type, typmod)),
                       CASE WHEN typmod >= 0 THEN format(' WHERE v::%s = v::%s', plain, format_type(type, typmod)) END);
  taken text[];
  written text[] := '{}';
  value text;
BEGIN
  BEGIN
    EXECUTE query INTO taken USING given;
    RETURN taken;
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  FOREACH value IN ARRAY given LOOP
    BEGIN
      EXECUTE query INTO taken USING ARRAY[value];
      written := written || taken;
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END LOOP;
  RETURN written;
END $$;

-- herald.most_values(): so many values may a function yield for a key.
CREATE OR REPLACE FUNCTION herald.most_values() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 10000 $$;

-- herald.listed(path, claims, params): {"<key>": ["<value>", ...]} of the keys that a function
-- lists. NULL: the stream has none. NULLs among the values are left out.
-- Raises where a function yields more than herald.most_values(). Runs with the caller's rights, as
-- herald.entitled.
CREATE OR REPLACE FUNCTION herald.listed(path text, claims jsonb, params jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  m record;
  found_values pg_catalog.text[];
  lists pg_catalog.jsonb;
BEGIN
  FOR m IN SELECT e.key, pg_catalog.substr(e.value, 10) AS fn FROM herald.streams s, pg_catalog.jsonb_each_text(s.match) e
            WHERE s.path = listed.path AND pg_catalog.starts_with(e.value, 'function:') ORDER BY 1 LOOP
    PERFORM pg_catalog.set_config('request.jwt.claims', claims::text, true);
    EXECUTE 'SELECT pg_catalog.array_agg(v) FROM (SELECT v FROM ' || m.fn || '($1, $2) v LIMIT $3) l' INTO found_values USING claims, params, herald.most_values() + 1;
    IF pg_catalog.cardinality(found_values) > herald.most_values() THEN
      RAISE EXCEPTION 'pgherald: % yields more than % values for ''%''', m.fn, herald.most_values(), m.key USING ERRCODE = 'program_limit_exceeded';
    END IF;
    lists := coalesce(lists, '{}') || pg_catalog.jsonb_build_object(m.key,
      ARRAY(SELECT DISTINCT v COLLATE pg_catalog."C" FROM pg_catalog.unnest(found_values) v WHERE v IS NOT NULL ORDER BY 1));
  END LOOP;
  RETURN lists;
END $$;

-- herald.asked(path, claims, params, given): all that is asked when somebody opens the stream, in one
-- answer. `recheck` asks it again without given.
--   allowed  herald.entitled. Where it says no, nothing else is asked
--   listed   herald.listed
--   typed    herald.typed. NULL where nothing is given
CREATE OR REPLACE FUNCTION herald.asked(path text, claims jsonb, params jsonb, given jsonb, OUT allowed boolean, OUT listed jsonb, OUT typed jsonb)
LANGUAGE plpgsql AS $$
BEGIN
  allowed := herald.entitled(path, claims, params);
  IF allowed THEN
    listed := herald.listed(path, claims, params);
    typed := CASE WHEN given IS NOT NULL THEN herald.typed(path, given) END;
  END IF;
END $$;
