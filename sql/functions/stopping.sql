-- herald.stopping(): does the server wait for its clients to leave (pg_ctl stop -m smart, SIGTERM)?
-- It tells them nothing, and would wait for a daemon for ever. The eighth line of its file
-- postmaster.pid says so.
-- NULL: herald's owner may not read that file, as a rule because it is no superuser. Then the
-- daemon tries now and then whether the server lets anybody in.
CREATE OR REPLACE FUNCTION herald.stopping() RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN split_part(pg_read_file('postmaster.pid'), chr(10), 8) LIKE 'stopping%';
EXCEPTION WHEN OTHERS THEN
  RETURN NULL;
END $$;
