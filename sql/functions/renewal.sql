-- herald.renewal(code, identity): a token with which an open stream is to go on. The instance that
-- has the stream hears of it.
CREATE OR REPLACE FUNCTION herald.renewal(code text, identity jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.tell_gate('renew', jsonb_build_object('code', code, 'identity', identity))
$$;
