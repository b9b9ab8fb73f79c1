-- The usual outbox: a row of it for each change, and a notification at each commit. The listener fetches id > last.
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, data jsonb NOT NULL);
CREATE FUNCTION write_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO outbox (data)
  VALUES (jsonb_build_object('id', NEW.id, 'status', NEW.status, 'at', extract(epoch FROM clock_timestamp())));
  NOTIFY bench;
  RETURN NULL;
END $$;
CREATE TRIGGER capture AFTER INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION write_outbox();
