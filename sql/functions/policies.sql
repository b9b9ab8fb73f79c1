-- Row level security of watched tables. Its policies decide who reads rows, and not who gets events:
-- a capture writes every change, and a stream decides by match, require and authorize.

-- herald.has_policies(target): has the table row level security, or a partitioned table that it is
-- part of? Whoever reads by such a table gets the rows that its policies allow, or none.
-- Policies of one partition count for those who read that partition itself, so they are not asked.
CREATE OR REPLACE FUNCTION herald.has_policies(target regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_class c WHERE c.relrowsecurity AND (c.oid = target OR c.oid IN (SELECT a.relid FROM pg_partition_ancestors(target) a)))
$$;

-- herald.note_policies(w): says so where a watch tells rows of a table with row level security.
CREATE OR REPLACE FUNCTION herald.note_policies(w herald.watches) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF herald.has_policies(w.target) THEN
    RAISE NOTICE 'pgherald: the policies of ''%'' do not decide who gets its events', w.target
      USING HINT = 'A stream decides, by match, require and authorize: pgherald doctor names streams that do not.';
  END IF;
END $$;
