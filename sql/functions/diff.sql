-- herald.diff(was, now): the members of was that now does not have with the same value.
--   was, now  jsonb objects of one row before and after
-- Returns a jsonb object; '{}' where nothing differs. Reads no table.
CREATE OR REPLACE FUNCTION herald.diff(was jsonb, now jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(pg_catalog.jsonb_object_agg(o.key, o.value), '{}')
    FROM pg_catalog.jsonb_each(was) o
   WHERE now -> o.key IS DISTINCT FROM o.value
$$;

-- herald.names(object): the member names of a jsonb object, as a jsonb array.
CREATE OR REPLACE FUNCTION herald.names(object jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(pg_catalog.jsonb_agg(k), '[]') FROM pg_catalog.jsonb_object_keys(object) k
$$;
