-- herald.entitled(path, claims, params): what the stream's authorize function says.
-- True where the stream has none. NULL counts as no.
-- The claims are also at request.jwt.claims, so that row security policies can use them. Runs with
-- the caller's rights.
CREATE OR REPLACE FUNCTION herald.entitled(path text, claims jsonb, params jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  fn text;
  yes boolean;
BEGIN
  SELECT s.authorize INTO fn FROM herald.streams s WHERE s.path = entitled.path;
  IF fn IS NULL THEN
    RETURN FOUND;
  END IF;
  PERFORM pg_catalog.set_config('request.jwt.claims', claims::text, true);
  EXECUTE 'SELECT ' || fn || '($1, $2)' INTO yes USING claims, params;
  RETURN coalesce(yes, false);
END $$;
