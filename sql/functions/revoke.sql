-- herald.revoke(jti, sub, until): revokes tokens. They are not accepted any more, and their streams
-- end, on every instance.
--   jti    the one token with this id
--   sub    all tokens of this subject that were issued (iat) up to now, the running second
--          included, and those without iat
--   until  when that may be forgotten: the latest exp of such a token. NULL: never
-- Writes herald.revocations. Rows that are inserted there by hand do the same.
CREATE OR REPLACE FUNCTION herald.revoke(jti text DEFAULT NULL, sub text DEFAULT NULL, until timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF coalesce(jti, sub, '') = '' OR jti = '' OR sub = '' THEN
    RAISE EXCEPTION 'pgherald: whose token is revoked?' USING ERRCODE = 'invalid_parameter_value', HINT = 'Give jti or sub.';
  END IF;
  INSERT INTO herald.revocations (jti, sub, until)
  SELECT r.jti, r.sub, revoke.until FROM (VALUES (revoke.jti, NULL), (NULL, revoke.sub)) r(jti, sub) WHERE num_nonnulls(r.jti, r.sub) = 1;
END $$;
COMMENT ON FUNCTION herald.revoke(text, text, timestamp with time zone) IS
  'Public: revokes the token with this jti, or all tokens of sub that were issued up to now. '
  'Their streams end on every instance. until: when that may be forgotten, NULL for never. '
  'Raises where neither jti nor sub is given.';

-- herald.tell_revocation(): trigger function of herald.revocations. One that is forgotten because
-- its time has passed is not told.
CREATE OR REPLACE FUNCTION herald.tell_revocation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM herald.tell_gate('revoke', herald.revocation_data(NEW));
  ELSIF TG_OP <> 'DELETE' OR coalesce(OLD.until > now(), true) THEN
    PERFORM herald.tell_gate('pardon', '{}');
  END IF;
  RETURN NULL;
END $$;

-- herald.revocation_data(r): a revocation as daemons read it.
CREATE OR REPLACE FUNCTION herald.revocation_data(r herald.revocations) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  -- not ceil: tokens of the next second are newer
  SELECT jsonb_build_object('jti', r.jti, 'sub', r.sub, 'at', floor(extract(epoch FROM r.at) * 1000)::bigint,
                            'until', CASE WHEN isfinite(r.until) THEN ceil(extract(epoch FROM r.until) * 1000)::bigint END)
$$;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'herald.revocations'::regclass AND tgname = 'tell') THEN
    CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON herald.revocations FOR EACH ROW EXECUTE FUNCTION herald.tell_revocation();
    CREATE TRIGGER tell_all AFTER TRUNCATE ON herald.revocations FOR EACH STATEMENT EXECUTE FUNCTION herald.tell_revocation();
  END IF;
END $$;
