-- What the gate of every instance must hear goes through the log, under a topic that no stream can have: so it arrives in
-- order with what it is to stop, also at a standby, and also when the connection was away in between.
--   revoke   {"jti", "sub", "at", "until"}, times in milliseconds      pardon   {}: revocations have changed otherwise
--   recheck  {"sub"}, null: everyone                                   renew    {"code", "identity"}
CREATE OR REPLACE FUNCTION herald.tell_gate(event text, data jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO herald.changes (topic, event, audience, data) VALUES ('!gate', event, '{*}', data)
$$;

-- herald.revoke(jti, sub, until): tokens that are not accepted any more, and whose streams end, on every instance.
--   jti    the one token with this id
--   sub    all tokens of this subject that were issued (iat) up to now, the running second included; those without iat too
--   until  when that may be forgotten, the latest exp of such a token; NULL: never
-- Writes herald.revocations; the same goes for rows that are inserted there by hand.
CREATE OR REPLACE FUNCTION herald.revoke(jti text DEFAULT NULL, sub text DEFAULT NULL, until timestamptz DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF coalesce(jti, sub, '') = '' OR jti = '' OR sub = '' THEN
    RAISE EXCEPTION 'pgherald: whose token is revoked?' USING ERRCODE = 'invalid_parameter_value', HINT = 'Give jti or sub.';
  END IF;
  INSERT INTO herald.revocations (jti, sub, until)
  SELECT r.jti, r.sub, revoke.until FROM (VALUES (revoke.jti, NULL), (NULL, revoke.sub)) r(jti, sub) WHERE num_nonnulls(r.jti, r.sub) = 1;
END $$;

-- herald.tell_revocation(): trigger function of herald.revocations. One that is forgotten because its time has passed is no news.
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
  SELECT jsonb_build_object('jti', r.jti, 'sub', r.sub, 'at', floor(extract(epoch FROM r.at) * 1000)::bigint, -- not ceil: the next second's tokens are newer
                            'until', CASE WHEN isfinite(r.until) THEN ceil(extract(epoch FROM r.until) * 1000)::bigint END)
$$;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'herald.revocations'::regclass AND tgname = 'tell') THEN
    CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON herald.revocations FOR EACH ROW EXECUTE FUNCTION herald.tell_revocation();
    CREATE TRIGGER tell_all AFTER TRUNCATE ON herald.revocations FOR EACH STATEMENT EXECUTE FUNCTION herald.tell_revocation();
  END IF;
END $$;

-- herald.recheck(sub): asks the authorize function again for every open stream of this subject, NULL: of everyone. Who may not
-- see it any more is closed (forbidden). In the caller's transaction.
CREATE OR REPLACE FUNCTION herald.recheck(sub text DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.tell_gate('recheck', jsonb_build_object('sub', sub))
$$;

-- herald.tell_recheck(): trigger function of the tables that streams name in `recheck`. Its argument is the column that holds the
-- subject. Without one, or where it cannot be said whom a row names: everyone, once a transaction. Fails no writer.
CREATE OR REPLACE FUNCTION herald.tell_recheck() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  was text[] := '{}';
  is_now text[] := '{}';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW *= OLD THEN -- byte by byte: works for any type
      RETURN NULL;
    END IF;
  END IF;
  IF TG_OP IN ('UPDATE', 'DELETE') THEN was := herald.subjects_of(OLD, TG_ARGV[0]); END IF;
  IF TG_OP IN ('UPDATE', 'INSERT') THEN is_now := herald.subjects_of(NEW, TG_ARGV[0]); END IF;
  IF was IS NOT NULL AND is_now IS NOT NULL AND TG_OP <> 'TRUNCATE' THEN
    PERFORM herald.tell_gate('recheck', jsonb_build_object('sub', s)) FROM (SELECT unnest(was) UNION SELECT unnest(is_now)) v(s);
  ELSIF current_setting('herald.rechecked', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
    PERFORM herald.recheck(), set_config('herald.rechecked', pg_current_xact_id()::text, true);
  END IF;
  RETURN NULL;
END $$;

-- herald.subjects_of(r, col): the subject that a row names in this column, or none; NULL: it cannot be said, for there is no such column any
-- more, or its value cannot be printed. Only a writer whose own statement is cancelled ends here (herald.is_raised).
--   whole  prints the whole row, which is twice as fast; where that fails the column alone is tried
-- Has the search_path of herald.tell_recheck, which alone calls it: one of its own would cost a writer 5 to 10 us a row.
CREATE OR REPLACE FUNCTION herald.subjects_of(r record, col text, whole boolean DEFAULT true) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
  printed jsonb;
  context text;
BEGIN
  IF whole THEN
    printed := to_jsonb(r);
  ELSE
    EXECUTE format('SELECT jsonb_build_object(%L, ($1).%I)', col, col) INTO printed USING r;
  END IF;
  RETURN CASE WHEN printed ? col THEN array_remove(ARRAY[printed ->> col], NULL) END;
EXCEPTION WHEN OTHERS OR assert_failure OR query_canceled THEN
  GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
  IF SQLSTATE = '57014' AND NOT herald.is_raised(SQLERRM, context) THEN
    RAISE;
  END IF;
  RETURN CASE WHEN whole THEN herald.subjects_of(r, col, false) END;
END $$;

-- herald.hang_rechecks(): gives every table that a stream names in `recheck` its triggers, and takes away those that no stream
-- needs any more. Raises where they cannot be locked, as herald.patiently does: all of them at once, for no lock is kept while another one is
-- waited for. Nothing to do locks nothing.
CREATE OR REPLACE FUNCTION herald.hang_rechecks() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  ddl text;
  targets oid[];
BEGIN
  SELECT string_agg(r.ddl, '; '), array_agg(r.target) INTO ddl, targets FROM herald.rechecks_ddl() r;
  IF ddl IS NOT NULL THEN
    PERFORM herald.patiently(ddl, ARRAY(SELECT unnest(herald.tables_of(t)) FROM unnest(targets) t));
    PERFORM herald.let_recheck();
  END IF;
END $$;

-- herald.let_recheck(): as herald.let_partition, where such a table is partitioned. What it can tell is that somebody is to be asked again.
CREATE OR REPLACE FUNCTION herald.let_recheck() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid AND c.relkind = 'p' WHERE t.tgfoid = 'herald.tell_recheck'::regproc) THEN
    GRANT EXECUTE ON FUNCTION herald.tell_recheck() TO PUBLIC;
  END IF;
END $$;

-- herald.rechecks_ddl(): the statements for that, and the table that each locks. A name that no table has (any more) stands in nobody's way:
-- doctor tells of it (herald.doubts), and where the table was renamed its triggers stay.
CREATE OR REPLACE FUNCTION herald.rechecks_ddl() RETURNS TABLE (target oid, ddl text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH wanted AS (
    SELECT DISTINCT herald.table_named(e.key) AS target, e.value AS col, '!gate_recheck_' || left(md5(coalesce(e.value, '')), 8) AS name
      FROM herald.streams s, jsonb_each_text(s.recheck) e
  ), hung AS (
    SELECT g.tgrelid::regclass AS target, g.tgname::text AS name FROM pg_trigger g
     WHERE g.tgfoid = 'herald.tell_recheck'::regproc AND NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgname NOT LIKE E'%\\_all'
  )
  SELECT h.target, format('DROP TRIGGER IF EXISTS %1$I ON %3$s; DROP TRIGGER IF EXISTS %2$I ON %3$s', h.name, h.name || '_all', h.target)
    FROM hung h WHERE NOT EXISTS (SELECT FROM wanted w WHERE coalesce(w.target, h.target) = h.target AND w.name = h.name)
  UNION ALL
  SELECT w.target, format('CREATE OR REPLACE TRIGGER %1$I AFTER INSERT OR UPDATE OR DELETE ON %3$s FOR EACH ROW EXECUTE FUNCTION herald.tell_recheck(%4$s); '
                          'CREATE OR REPLACE TRIGGER %2$I AFTER TRUNCATE ON %3$s FOR EACH STATEMENT EXECUTE FUNCTION herald.tell_recheck()',
                          w.name, w.name || '_all', w.target, quote_literal(w.col))
    FROM wanted w WHERE w.target IS NOT NULL AND NOT EXISTS (SELECT FROM hung h WHERE h.target = w.target AND h.name = w.name)
$$;

-- herald.table_named(name): the table that `recheck` names, "schema.table"; NULL: there is none. Unlike to_regclass it takes no right on the schema.
CREATE OR REPLACE FUNCTION herald.table_named(name text) RETURNS regclass
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parts text[];
BEGIN
  parts := parse_ident(name);
  RETURN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = parts[cardinality(parts) - 1] AND c.relname = parts[cardinality(parts)]);
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN NULL;
END $$;

-- herald.entitled(path, claims, params): what the stream's authorize function says; true where it has none. NULL counts as no.
-- The claims are also at request.jwt.claims, so that row security policies can use them. Runs with the caller's rights.
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

-- herald.ticket(hash, identity, origin): keeps a ticket for 30 s. False: this subject has 100 unused ones already.
--   hash      of the ticket, which itself stays between daemon and client
--   identity  what a token said: {"claims", ...}
--   origin    of the page that asked for it, NULL: it said none
CREATE OR REPLACE FUNCTION herald.ticket(hash text, identity jsonb, origin text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sub_of text := identity -> 'claims' ->> 'sub';
BEGIN
  DELETE FROM herald.tickets t WHERE t.expires <= clock_timestamp();
  IF (SELECT count(*) FROM herald.tickets t WHERE t.sub = sub_of) >= 100 THEN
    RETURN false;
  END IF;
  INSERT INTO herald.tickets (hash, sub, identity, origin, expires) VALUES (hash, sub_of, identity, origin, clock_timestamp() + interval '30 s');
  RETURN true;
END $$;

-- herald.redeem(hash, origin): the identity behind a ticket, which is used up by that; NULL: there is none, it has been used,
-- is too old, or another origin asked for it. Of two at once one gets it.
--   origin  of the page that uses it; NULL: a page of the server's own origin, or no browser
CREATE OR REPLACE FUNCTION herald.redeem(hash text, origin text) RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH used AS (DELETE FROM herald.tickets t WHERE t.hash = redeem.hash RETURNING t.*)
  SELECT u.identity FROM used u
   WHERE u.expires > clock_timestamp() AND (redeem.origin IS NULL OR redeem.origin = u.origin)
$$;

-- herald.renewal(code, identity): a token that a living stream is to go on with; whichever instance has it will.
CREATE OR REPLACE FUNCTION herald.renewal(code text, identity jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.tell_gate('renew', jsonb_build_object('code', code, 'identity', identity))
$$;
