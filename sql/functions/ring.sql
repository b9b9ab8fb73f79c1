-- herald.ring(): the doorbell. Called by whatever has just written to herald.changes; the ticker wakes at commit.
-- Equal notifications of one transaction collapse in the server. Writes nothing; may be called by any writer's trigger.
CREATE OR REPLACE FUNCTION herald.ring() RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT pg_catalog.pg_notify('herald', '')
$$;
