-- herald.tell_gate(event, data): tells the gate of every instance something.
-- It goes through the log, under a topic that no stream can have. So it arrives in order with what
-- it is to stop. It also arrives at a standby, and after a time without a connection.
--   revoke   {"jti", "sub", "at", "until"}, times in milliseconds
--   pardon   {}: revocations have changed in another way
--   recheck  {"sub"}, null: everyone
--   renew    {"code", "identity"}
CREATE OR REPLACE FUNCTION herald.tell_gate(event text, data jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO herald.changes (topic, event, audience, data) VALUES ('!gate', event, '{*}', data)
$$;
