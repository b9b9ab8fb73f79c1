-- What the gate of every instance must hear goes through the log, under a topic that no stream can have: so it arrives in
-- order with what it is to stop, also at a standby, and also when the connection was away in between.
--   revoke   {"jti", "sub", "at", "until"}, times in milliseconds      pardon   {}: revocations have changed otherwise
--   recheck  {"sub"}, null: everyone                                   renew    {"code", "identity"}
CREATE OR REPLACE FUNCTION herald.tell_gate(event text, data jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO herald.changes (topic, event, audience, data) VALUES ('!gate', event, '{*}', data)
$$;
