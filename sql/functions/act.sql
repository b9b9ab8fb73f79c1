-- herald.act(method, path, request): calls the action that serves method and path.
-- It returns the answer: {"status": int, "body": json, "fault": text}.
--   body   null: the answer has none
--   fault  null: all went well. Else SQLSTATE and message for the daemon's log. Nothing of it is
--          for the client.
-- Parameters:
--   path     as it was defined, with its ':params'
--   request  {"params", "query", "body", "claims"}
-- The claims are also at request.jwt.claims, for row security policies.
-- The daemon has checked before that the claims hold what the action requires.
-- It must be the only statement of its transaction.
-- An answer of any status commits what the function wrote. An error takes it back, and becomes a
-- status:
--   P0001 (RAISE EXCEPTION)                   400  with its message, which the application writes
--                                                  for users
--   PT400 to PT599 (USING ERRCODE)            that status, with its message
--   P0002 (no_data_found, SELECT ... STRICT)  404
--   23505, 23P01, 23503, 23001                409  unique and exclusion constraints, foreign keys,
--                                                  also deferred ones
--   23502, 23514, 22xxx                       400  NOT NULL, check constraints, values that do not
--                                                  fit their type
--   42501                                     403  row security, privileges
--   40001, 40P01, 55P03, 25006, 53xxx         503  serialization, locks, a standby, no resources:
--                                                  try again
--   all else                                  500  also an answer that is malformed, or longer than
--                                                  16 MB
-- A cancellation of the statement from outside (57014) is not caught.
-- The function runs with the rights and settings of the caller. It has no search_path of its own,
-- so that the application's functions find their tables.
CREATE OR REPLACE FUNCTION herald.act(method text, path text, request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  fn pg_catalog.text := herald.action_function(method, path);
  answer pg_catalog.jsonb;
BEGIN
  IF fn IS NULL THEN
    RETURN herald.act_error('P0002', 'no such action');
  END IF;
  PERFORM pg_catalog.set_config('request.jwt.claims', herald.act_claims(request), true);
  BEGIN
    EXECUTE pg_catalog.format('SELECT %s($1)', fn) INTO answer USING request;
    -- a deferred one would fail at the commit, too late for an answer
    SET CONSTRAINTS ALL IMMEDIATE;
    RETURN herald.act_answer(fn, answer);
  EXCEPTION WHEN OTHERS OR assert_failure THEN
    RETURN herald.act_error(SQLSTATE, SQLERRM);
  END;
END $$;
COMMENT ON FUNCTION herald.act(text, text, jsonb) IS
  'Public: calls the action of method and path and returns {"status", "body", "fault"}. request: '
  '{"params", "query", "body", "claims"}; the caller is trusted with require and the claims. An '
  'error of the function is caught and becomes a status, but the end of the statement from '
  'outside (57014) is not. To be the only statement of its transaction.';

-- herald.action_function(method, path): the function that serves them. NULL: none. Reads
-- herald.actions.
CREATE OR REPLACE FUNCTION herald.action_function(method text, path text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.function FROM herald.actions a WHERE a.method = $1 AND a.path = $2
$$;

-- herald.act_claims(request): the claims of the request as text.
-- It is {} where there are none, so that a cast to json never fails.
CREATE OR REPLACE FUNCTION herald.act_claims(request jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE jsonb_typeof(request -> 'claims') WHEN 'object' THEN (request -> 'claims')::text ELSE '{}' END
$$;

-- herald.act_answer(fn, answer): what herald.act returns when the function has answered this.
-- Raises where the answer is malformed, because a misspelt one must not go out as a success.
-- Raises where it is longer than any event may be (bounds.sql), because it would take memory from
-- everybody.
CREATE OR REPLACE FUNCTION herald.act_answer(fn text, answer jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF answer IS NULL OR jsonb_typeof(answer) <> 'object' OR answer - '{status,body}'::text[] <> '{}'
     OR (answer ? 'status' AND (jsonb_typeof(answer -> 'status') <> 'number' OR answer ->> 'status' !~ '^[2-5][0-9][0-9]$')) THEN
    RAISE EXCEPTION 'pgherald: what %(request) returned is not {"status": 200 to 599, "body": ...}', fn USING ERRCODE = 'internal_error';
  ELSIF pg_column_size(answer -> 'body') > 400 AND herald.printed_bytes(answer -> 'body') > herald.told_bytes() THEN
    RAISE EXCEPTION 'pgherald: what %(request) returned is longer than 16 MB, let it answer in parts', fn USING ERRCODE = 'internal_error';
  END IF;
  RETURN jsonb_build_object('status', coalesce(answer -> 'status', '200'), 'body', answer -> 'body', 'fault', NULL);
END $$;

-- herald.act_error(code, message): what herald.act returns when the function has raised this.
CREATE OR REPLACE FUNCTION herald.act_error(code text, message text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  status int := 500;
  said text := 'Internal error';
BEGIN
  IF code = 'P0001' THEN
    status := 400; said := message;
  ELSIF code ~ '^PT[45][0-9][0-9]$' THEN
    status := substr(code, 3); said := message;
  ELSIF code = 'P0002' THEN
    status := 404; said := 'Not found';
  ELSIF code IN ('23505', '23P01', '23503', '23001') THEN
    status := 409; said := 'It conflicts with what is there already';
  ELSIF code IN ('23502', '23514') OR code LIKE '22%' THEN
    status := 400; said := 'A value is missing or not possible';
  ELSIF code = '42501' THEN
    status := 403; said := 'Not allowed';
  ELSIF code IN ('40001', '40P01', '55P03', '25006') OR code LIKE '53%' THEN
    status := 503; said := 'It cannot be done now, try again';
  END IF;
  RETURN jsonb_build_object('status', status, 'body', jsonb_build_object('success', false, 'errors', jsonb_build_array(said)),
                            'fault', code || ' ' || message);
END $$;
