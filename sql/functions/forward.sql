-- What `pgherald forward` keeps. It connects as the daemon's role, which writes to no table itself.

-- herald.forward_from(name, stream): the cursor after which a forward goes on. NULL: it is new.
--   name    that of the forward
--   stream  the path that it asks for. Another one than before is refused: cursors of one stream are
--           places in all, but what was posted would not be what the receiver expects
CREATE OR REPLACE FUNCTION herald.forward_from(name text, stream text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  known herald.forwards;
BEGIN
  INSERT INTO herald.forwards (name, stream) VALUES (forward_from.name, forward_from.stream) ON CONFLICT DO NOTHING;
  SELECT f.* INTO known FROM herald.forwards f WHERE f.name = forward_from.name;
  IF known.stream <> forward_from.stream THEN
    RAISE EXCEPTION 'pgherald: forward ''%'' is of stream ''%''', known.name, known.stream
      USING ERRCODE = 'invalid_parameter_value', HINT = format('Give another --name, or forget it: DELETE FROM herald.forwards WHERE name = %L.', forward_from.name);
  END IF;
  RETURN known.cursor;
END $$;

-- herald.forwarded(name, was, now, count): all up to now was posted, and count events more than at
-- was. False: somebody else has moved the cursor meanwhile. It may be at now already, for a caller
-- that lost its connection does not know.
--   was  the cursor as it was. NULL: none
CREATE OR REPLACE FUNCTION herald.forwarded(name text, was text, now text, count bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH moved AS (
    UPDATE herald.forwards f SET cursor = forwarded.now, posted = f.posted + forwarded.count, at = clock_timestamp()
     WHERE f.name = forwarded.name AND f.cursor IS NOT DISTINCT FROM forwarded.was
    RETURNING 1)
  SELECT EXISTS (SELECT FROM moved) OR EXISTS (SELECT FROM herald.forwards f WHERE f.name = forwarded.name AND f.cursor = forwarded.now)
$$;

-- herald.put_aside(name, id, body, reason, attempts): keeps what a receiver did not take. After a
-- crash the same event may come again. It is kept once.
--   id      that of the event
--   body    what was posted
--   reason  why it was not taken, in words
CREATE OR REPLACE FUNCTION herald.put_aside(name text, id text, body text, reason text, attempts int) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO herald.undelivered (forward, id, body, reason, attempts) VALUES (name, id, body, reason, attempts)
  ON CONFLICT ON CONSTRAINT undelivered_forward_id_key DO UPDATE SET reason = EXCLUDED.reason, attempts = EXCLUDED.attempts, at = EXCLUDED.at
$$;

-- herald.put_aside_next(name, after): the first that was put aside after this number. No row: none
-- is left.
CREATE OR REPLACE FUNCTION herald.put_aside_next(name text, after bigint) RETURNS TABLE (number bigint, id text, body text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.number, u.id, u.body FROM herald.undelivered u
   WHERE u.forward = put_aside_next.name AND u.number > put_aside_next.after ORDER BY u.number LIMIT 1
$$;

-- herald.put_aside_done(name, number): it was posted after all.
CREATE OR REPLACE FUNCTION herald.put_aside_done(name text, number bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM herald.undelivered u WHERE u.forward = put_aside_done.name AND u.number = put_aside_done.number
$$;
