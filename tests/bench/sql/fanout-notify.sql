-- The usual recipe for the raw server and for nchan: the user, then what is told.
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('bench', format('%s %s', NEW.user_id, jsonb_build_object(
    'at', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, 'seq', NEW.seq, 'user', NEW.user_id, 'filler', NEW.filler)));
  RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER UPDATE ON beats FOR EACH ROW EXECUTE FUNCTION tell();
