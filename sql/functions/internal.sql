-- Every function without a comment of its own is internal, and gets a comment that says so.
-- In \df+ herald.* the comments of public functions begin with "Public". sql/README.md says why.
-- The trigger functions of watched tables are left out. They are made at any time, and have names
-- of their own (capture_<watch>_<tag>_<operation>).
DO $$
DECLARE
  fn regprocedure;
BEGIN
  FOR fn IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'herald'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
                                          AND p.proname !~ '^capture_[0-9]+_' AND pg_has_role(p.proowner, 'USAGE') LOOP
    EXECUTE format('COMMENT ON FUNCTION %s IS %L', fn, 'Internal: pgherald itself calls it. It may change with any version.');
  END LOOP;
END $$;
