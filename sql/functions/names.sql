-- herald.check_name(what, name): raises unless name can stand in an SSE field and in a log line.
--   what  the word for it in the error
--   name  1 to 200 characters without control characters. An event must not have the name of a
--         control event, nor one of those that EventSource dispatches by itself. A topic must not
--         begin with '!' (gate.sql).
-- Source of the rule: WHATWG HTML 9.2. A CR, LF or NUL ends a field. An event `error` would call a
-- page's handler of lost connections. Reads and writes no table.
CREATE OR REPLACE FUNCTION herald.check_name(what text, name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF name IS NULL OR name = '' OR length(name) > 200 OR name ~ '[[:cntrl:]]' THEN
    RAISE EXCEPTION 'pgherald: % name % is not usable', what, coalesce(quote_literal(name), 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Use 1 to 200 characters without control characters.';
  END IF;
  IF what = 'event' AND name IN ('connected', 'snapshot', 'ready', 'reset', 'left', 'bulk', 'expiring', 'closing', 'schema', 'ping') THEN
    RAISE EXCEPTION 'pgherald: event name ''%'' is taken by the protocol', name
      USING ERRCODE = 'reserved_name', HINT = 'Choose another name, such as ''row_' || name || '''.';
  ELSIF what = 'event' AND name IN ('error', 'open', 'message') THEN
    RAISE EXCEPTION 'pgherald: event name ''%'' is one that EventSource dispatches itself', name
      USING ERRCODE = 'reserved_name', HINT = 'Choose another name, such as ''row_' || name || '''.';
  ELSIF what = 'topic' AND name LIKE '!%' THEN
    RAISE EXCEPTION 'pgherald: topic ''%'' is one of pgherald''s own', name
      USING ERRCODE = 'reserved_name', HINT = 'Choose a name that does not begin with an exclamation mark.';
  END IF;
END $$;

-- herald.check_keys(names): raises for the first name that cannot be that of a routing key.
-- Keys are texts 'name=value'. With an equals sign in a name, a = 'b=c' and "a=b" = 'c' would be
-- one key. Then whoever may see the one would see the other.
CREATE OR REPLACE FUNCTION herald.check_keys(names text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  odd text := (SELECT n FROM unnest(names) n WHERE strpos(n, '=') > 0 LIMIT 1);
BEGIN
  IF odd IS NOT NULL THEN
    RAISE EXCEPTION 'pgherald: ''%'' cannot route: its name holds an equals sign', odd
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Give it another name. A generated column will do, if the one that is there must keep it.';
  END IF;
END $$;

-- herald.function_name(name, params, yields): a function of the application as it can stand in SQL
-- text.
-- Raises unless it exists. NULL for NULL.
--   name    'schema.function'
--   params  as it is declared, 'claims jsonb, params jsonb'
--   yields  its type, perhaps 'setof ...'
CREATE OR REPLACE FUNCTION herald.function_name(name text, params text, yields text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  fn oid := to_regprocedure(name || '(' || regexp_replace(params, E'\\w+ (\\w+)', E'\\1', 'g') || ')');
  many boolean := yields LIKE 'setof %';
BEGIN
  IF name IS NULL THEN
    RETURN NULL;
  ELSIF fn IS NULL OR (SELECT prorettype <> replace(yields, 'setof ', '')::regtype OR proretset <> many OR prokind <> 'f' FROM pg_proc WHERE oid = fn) THEN
    RAISE EXCEPTION 'pgherald: there is no function %(%) returns %', name, params, yields
      USING ERRCODE = 'undefined_function', HINT = 'Make it first, and name it with its schema.';
  END IF;
  RETURN fn::regproc::text;
END $$;
