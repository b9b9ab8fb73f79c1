-- herald.check_name(what, name): raises unless name can stand in an SSE field and in a log line.
--   what  the word for it in the error
--   name  1 to 200 characters, no control characters; control event names of the wire are refused for events, and topics that
--         begin with '!' (tell_gate)
-- Source of the rule: WHATWG HTML 9.2 (a CR, LF or NUL ends a field). Reads and writes no table.
CREATE OR REPLACE FUNCTION herald.check_name(what text, name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF name IS NULL OR name = '' OR length(name) > 200 OR name ~ '[[:cntrl:]]' THEN
    RAISE EXCEPTION 'pgherald: % name % is not usable', what, coalesce(quote_literal(name), 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Use 1 to 200 characters without control characters.';
  END IF;
  IF what = 'event' AND name IN ('connected', 'snapshot', 'ready', 'reset', 'left', 'bulk', 'expiring', 'closing', 'schema') THEN
    RAISE EXCEPTION 'pgherald: event name ''%'' is taken by the protocol', name
      USING ERRCODE = 'reserved_name', HINT = 'Choose another name, such as ''row_' || name || '''.';
  ELSIF what = 'topic' AND name LIKE '!%' THEN
    RAISE EXCEPTION 'pgherald: topic ''%'' is one of pgherald''s own', name
      USING ERRCODE = 'reserved_name', HINT = 'Choose a name that does not begin with an exclamation mark.';
  END IF;
END $$;
