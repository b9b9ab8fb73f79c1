-- herald.renewal(code, identity): a token that a living stream is to go on with; whichever instance has it will.
CREATE OR REPLACE FUNCTION herald.renewal(code text, identity jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.tell_gate('renew', jsonb_build_object('code', code, 'identity', identity))
$$;
