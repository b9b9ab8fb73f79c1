-- What only the database can say of a stream's match, when somebody opens the stream:
--   - the values that a function yields ("function:app.my_rooms")
--   - values of claims as the type of the routing column writes them. A GUID in capitals is a uuid,
--     and 5 is a numeric(10,2)
-- Both are asked once at each opening, and never for an event.

-- herald.routing_type(type): what the values of such a column route by: the type below domains, or
-- that of an array's elements.
CREATE OR REPLACE FUNCTION herald.routing_type(type oid) RETURNS oid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  base oid := type;
  t pg_type;
BEGIN
  LOOP
    SELECT p.* INTO t FROM pg_type p WHERE p.oid = base;
    IF t.typtype = 'd' THEN
      base := t.typbasetype;
    ELSIF t.typcategory = 'A' THEN
      base := t.typelem;
    ELSE
      RETURN base;
    END IF;
  END LOOP;
END $$;

-- herald.routing_way(type): how values of such a column compare with given ones.
--   int, uuid, numeric, citext, char   as the type says: no two of its values are made equal that it
--                                      holds for different ones
--   text                               byte for byte. So do all other types, for their input rounds,
--                                      cuts or means something by the day
CREATE OR REPLACE FUNCTION herald.routing_way(type oid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT CASE WHEN t.oid = ANY ('{int2,int4,int8}'::regtype[]) THEN 'int' WHEN t.oid = 'uuid'::regtype THEN 'uuid'
                               WHEN t.oid = 'numeric'::regtype THEN 'numeric' WHEN t.oid = 'bpchar'::regtype THEN 'char'
                               WHEN t.typname = 'citext' AND t.typcategory = 'S' THEN 'citext' END
                     FROM pg_type t WHERE t.oid = herald.routing_type(type)), 'text')
$$;

-- herald.routing_text(type, expression): SQL text for the text by which a value routes.
-- It is the value's own text, but for types of which equal values have several texts: 5 and 5.00 of
-- numeric, and citext, which compares in small letters of the database's collation.
CREATE OR REPLACE FUNCTION herald.routing_text(type oid, expression text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE herald.routing_way(type) WHEN 'numeric' THEN format('pg_catalog.trim_scale(%s)', expression)
              WHEN 'citext' THEN format('pg_catalog.lower(%s::pg_catalog.text COLLATE pg_catalog."default")', expression)
              ELSE expression END
$$;

-- herald.key_way(s, key): how the values of this key of its match compare. It is text where the
-- columns of its watched tables differ in that: what counts for one of them is another user's value
-- for the next one.
CREATE OR REPLACE FUNCTION herald.key_way(s herald.streams, key text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE count(DISTINCT r.way) WHEN 1 THEN min(r.way) ELSE 'text' END
    FROM herald.watches w
    JOIN pg_attribute a ON a.attrelid = w.target AND a.attname = key_way.key AND a.attnum > 0 AND NOT a.attisdropped
   CROSS JOIN LATERAL (SELECT herald.routing_way(a.atttypid) OFFSET 0) AS r(way)
   WHERE w.topic = ANY (s.topics) AND key_way.key = ANY (w.audience)
$$;

-- herald.compares(s): how the values of each key of its match compare, in the order of the keys.
--   text  as they are. So do parameters: an authorize function sees them as they are, too
--   int   as they are, where they are written as int8 writes them
--   uuid  as they are, where they are written as uuid writes them
--   type  as the database says (herald.typed)
CREATE OR REPLACE FUNCTION herald.compares(s herald.streams) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(
    SELECT CASE WHEN m.value LIKE 'params.%' THEN 'text' WHEN k.way = ANY ('{text,int,uuid}') THEN k.way ELSE 'type' END
      FROM jsonb_each_text(s.match) m CROSS JOIN LATERAL (SELECT herald.key_way(s, m.key) OFFSET 0) AS k(way)
     ORDER BY m.key)
$$;

-- herald.typed(path, given): the given values as the types of the routing columns write them.
--   given  {"<key>": ["<value>", ...]}
-- Returns the same form. A value that the type does not take stays as it is, and matches no row.
CREATE OR REPLACE FUNCTION herald.typed(path text, given jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_object_agg(g.key, (
           SELECT coalesce(jsonb_agg(DISTINCT herald.written(k.way, v.value)), '[]') FROM jsonb_array_elements_text(g.value) v)), '{}')
    FROM herald.streams s CROSS JOIN LATERAL jsonb_each(typed.given) g
   CROSS JOIN LATERAL (SELECT herald.key_way(s, g.key) OFFSET 0) AS k(way)
   WHERE s.path = typed.path
$$;

-- herald.written(way, value): a value as columns that compare this way write it.
-- Nothing is rounded or cut, for the type of the value has no bounds. A number is as long as its
-- text, so that 1e131071 does not print 131,072 digits.
CREATE OR REPLACE FUNCTION herald.written(way text, value text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN CASE way WHEN 'int' THEN value::int8::text
                  WHEN 'uuid' THEN value::uuid::text
                  WHEN 'numeric' THEN CASE WHEN length(value) <= 1000 AND value ~ '^[-+]?[0-9]+([.][0-9]*)?$' THEN trim_scale(value::numeric)::text ELSE value END
                  WHEN 'citext' THEN lower(value COLLATE "default")
                  WHEN 'char' THEN rtrim(value, ' ')
                  ELSE value END;
EXCEPTION WHEN data_exception THEN
  RETURN value;
END $$;

-- herald.most_values(): so many values may a function yield for a key.
CREATE OR REPLACE FUNCTION herald.most_values() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 10000 $$;

-- herald.listed(path, claims, params): {"<key>": ["<value>", ...]} of the keys that a function
-- lists, as the routing columns write them. NULL: the stream has none. NULLs among the values are
-- left out.
-- Raises where a function yields more than herald.most_values(). Runs with the caller's rights, as
-- herald.entitled.
CREATE OR REPLACE FUNCTION herald.listed(path text, claims jsonb, params jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  m record;
  found_values pg_catalog.text[];
  lists pg_catalog.jsonb;
BEGIN
  FOR m IN SELECT e.key, pg_catalog.substr(e.value, 10) AS fn, herald.key_way(s, e.key) AS way FROM herald.streams s, pg_catalog.jsonb_each_text(s.match) e
            WHERE s.path = listed.path AND pg_catalog.starts_with(e.value, 'function:') ORDER BY 1 LOOP
    PERFORM pg_catalog.set_config('request.jwt.claims', claims::text, true);
    EXECUTE 'SELECT pg_catalog.array_agg(v) FROM (SELECT v FROM ' || m.fn || '($1, $2) v LIMIT $3) l' INTO found_values USING claims, params, herald.most_values() + 1;
    IF pg_catalog.cardinality(found_values) > herald.most_values() THEN
      RAISE EXCEPTION 'pgherald: % yields more than % values for ''%''', m.fn, herald.most_values(), m.key USING ERRCODE = 'program_limit_exceeded';
    END IF;
    lists := coalesce(lists, '{}') || pg_catalog.jsonb_build_object(m.key,
      ARRAY(SELECT DISTINCT herald.written(m.way, v) COLLATE pg_catalog."C" FROM pg_catalog.unnest(found_values) v WHERE v IS NOT NULL ORDER BY 1));
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
