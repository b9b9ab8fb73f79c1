-- herald.action(method, path, function, require): lets a SQL function serve an HTTP method and
-- path.
-- Daemons pick it up at once.
--   method    GET, POST, PUT, PATCH or DELETE
--   path      as in herald.stream: '/api/orders/:id/status'
--   function  'schema.function' (request jsonb) returns jsonb. It gets {"params", "query", "body",
--             "claims"}. It answers {"status": 200 to 599, "body": any JSON}. Both are optional.
--             Without status it is 200, without body there is none.
--   require   as in herald.stream: what the claims must hold. The daemon checks it before it calls.
-- The same method and path again replace all of it. Writes herald.actions.
-- herald.act says what becomes of errors.
CREATE OR REPLACE FUNCTION herald.action(method text, path text, function text, require jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
  PERFORM herald.check_path(path);
  PERFORM herald.check_require(require, false);
  IF method IS NULL OR method NOT IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE') THEN
    RAISE EXCEPTION 'pgherald: method % cannot be an action', coalesce(quote_literal(method), 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'One of GET, POST, PUT, PATCH, DELETE.';
  ELSIF function IS NULL THEN
    RAISE EXCEPTION 'pgherald: an action needs a function' USING ERRCODE = 'null_value_not_allowed', HINT = 'Name it with its schema.';
  ELSIF method = 'GET' AND EXISTS (SELECT FROM herald.streams s WHERE s.path = path) THEN
    RAISE EXCEPTION 'pgherald: GET of ''%'' opens a stream', path
      USING ERRCODE = 'duplicate_object', HINT = 'Choose another path, or take the stream away with herald.unstream.';
  END IF;
  INSERT INTO herald.actions (method, path, function, require) VALUES (method, path, herald.function_name(function, 'request jsonb', 'jsonb'), require)
  ON CONFLICT ON CONSTRAINT actions_pkey DO UPDATE SET function = excluded.function, require = excluded.require;
END $$;
COMMENT ON FUNCTION herald.action(text, text, text, jsonb) IS
  'Public: lets a SQL function serve an HTTP method (GET, POST, PUT, PATCH, DELETE) and path. '
  'function: schema.name (request jsonb) returns jsonb. require: what the claims must hold, as '
  'in herald.stream. The same method and path again replace it. Raises for a function that is '
  'not there, and for GET of a path that is a stream.';

-- herald.unaction(method, path): takes the action away.
CREATE OR REPLACE FUNCTION herald.unaction(method text, path text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ DELETE FROM herald.actions a WHERE a.method = $1 AND a.path = $2 $$;
COMMENT ON FUNCTION herald.unaction(text, text) IS
  'Public: takes the action of this method and path away. Does nothing where there is none.';
