-- herald.ticket(hash, identity, origin): keeps a ticket for 30 s. False: this subject has 100
-- unused ones already.
--   hash      that of the ticket. The ticket itself stays between daemon and client
--   identity  what a token said: {"claims", "sub", ...}. Without sub the claim of that name counts
--   origin    that of the page that asked for it. NULL: it said none
CREATE OR REPLACE FUNCTION herald.ticket(hash text, identity jsonb, origin text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sub_of text := coalesce(identity ->> 'sub', identity -> 'claims' ->> 'sub');
BEGIN
  DELETE FROM herald.tickets t WHERE t.expires <= clock_timestamp();
  IF (SELECT count(*) FROM herald.tickets t WHERE t.sub = sub_of) >= 100 THEN
    RETURN false;
  END IF;
  INSERT INTO herald.tickets (hash, sub, identity, origin, expires) VALUES (hash, sub_of, identity, origin, clock_timestamp() + interval '30 s');
  RETURN true;
END $$;

-- herald.redeem(hash, origin): the identity of a ticket, which is used up by that.
-- NULL: there is none, it has been used, it is too old, or another origin asked for it. Of two at
-- once one gets it.
--   origin  that of the page that uses it. NULL: a page of the server's own origin, or no browser
CREATE OR REPLACE FUNCTION herald.redeem(hash text, origin text) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH used AS (DELETE FROM herald.tickets t WHERE t.hash = redeem.hash RETURNING t.*)
  SELECT u.identity FROM used u
   WHERE u.expires > clock_timestamp() AND (redeem.origin IS NULL OR redeem.origin = u.origin)
$$;
