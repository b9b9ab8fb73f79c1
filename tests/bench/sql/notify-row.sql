-- The usual recipe: the row itself in the notification.
CREATE FUNCTION notify_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('bench', format('{"at": %s, "row": %s}', extract(epoch FROM clock_timestamp()), row_to_json(NEW)));
  RETURN NULL;
END $$;
CREATE TRIGGER capture AFTER INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION notify_row();
