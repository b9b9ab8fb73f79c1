-- actions.sql: the addresses that browsers call, and who may call them. The functions are in
-- actions/, a file for each application. An action ends with example.done or with example.refuse.
-- The latter takes back what the action has written.

-- example.done(data, message, status): the answer of an action that has done its work. It is
-- {"success": true}, with data and message if they are not NULL.
CREATE OR REPLACE FUNCTION example.done(data jsonb, message text DEFAULT NULL, status int DEFAULT 200) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object('status', status, 'body', jsonb_build_object('success', true) ||
    CASE WHEN data IS NULL THEN '{}' ELSE jsonb_build_object('data', data) END ||
    CASE WHEN message IS NULL THEN '{}' ELSE jsonb_build_object('message', message) END)
$$;

-- example.refuse(status, error): ends the action. The answer is this status and
-- {"success": false, "errors": [error]}.
CREATE OR REPLACE FUNCTION example.refuse(status int, error text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'PT' || status, MESSAGE = error;
END $$;

-- example.body(request): the request's body. It refuses if that is no object. An action ignores
-- members that it does not know.
CREATE OR REPLACE FUNCTION example.body(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
  IF jsonb_typeof(request -> 'body') IS DISTINCT FROM 'object' THEN
    PERFORM example.refuse(400, 'The body must be a JSON object');
  END IF;
  RETURN request -> 'body';
END $$;

-- example.text_in(body, member, required, longest): a text of 1 to `longest` characters, not only
-- blanks. NULL if the member is not there, or null. It refuses any other value, and NULL if
-- `required`.
CREATE OR REPLACE FUNCTION example.text_in(body jsonb, member text, required boolean DEFAULT false, longest int DEFAULT 200) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  value text := body ->> member;
BEGIN
  IF value IS NULL THEN
    IF required THEN PERFORM example.refuse(400, member || ' is missing'); END IF;
  ELSIF jsonb_typeof(body -> member) <> 'string' OR btrim(value) = '' OR length(value) > longest THEN
    PERFORM example.refuse(400, format('%s must be a text of 1 to %s characters', member, longest));
  END IF;
  RETURN value;
END $$;

-- example.id_in(body, member): a uuid. NULL if the member is not there, or null. It refuses any
-- other value.
CREATE OR REPLACE FUNCTION example.id_in(body jsonb, member text) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  value text := example.text_in(body, member);
BEGIN
  IF value IS NOT NULL AND example.id(value) IS NULL THEN
    PERFORM example.refuse(400, member || ' must be a UUID');
  END IF;
  RETURN example.id(value);
END $$;

-- example.slug_in(body, member, required): the slug of a store, else as text_in. It refuses a store
-- that does not exist.
CREATE OR REPLACE FUNCTION example.slug_in(body jsonb, member text, required boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  value text := example.text_in(body, member, required);
BEGIN
  IF value IS NOT NULL AND NOT EXISTS (SELECT FROM example.stores s WHERE s.slug = value) THEN
    PERFORM example.refuse(400, member || ' is no store');
  END IF;
  RETURN value;
END $$;

-- example.has_claim(claims, claim, value): true if this is the claim's value, or one of its values.
-- pgherald itself compares like this.
CREATE OR REPLACE FUNCTION example.has_claim(claims jsonb, claim text, value text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(claims -> claim @> to_jsonb(value), false)
$$;

\ir actions/orders.sql
\ir actions/users.sql
\ir actions/workshop.sql
\ir actions/rounds.sql

-- All actions are made again each time. So an action that is gone from this page is gone from the
-- database.
SELECT herald.unaction(method, path) FROM herald.actions WHERE function LIKE 'example.%';

-- Orders (seeds 000 and 004). The functions decide who may do what, because that depends on the
-- order.
SELECT herald.action('GET', '/api/orders', 'example.list_orders');
SELECT herald.action('POST', '/api/orders', 'example.create_order');
SELECT herald.action('PATCH', '/api/orders/:id', 'example.update_order');
SELECT herald.action('PATCH', '/api/orders/:id/status', 'example.update_order_status');

-- Users (seed 001).
SELECT herald.action('GET', '/api/users', 'example.list_users', '{"role": ["admin"]}');
SELECT herald.action('POST', '/api/users', 'example.create_user', '{"role": ["admin"]}');
SELECT herald.action('DELETE', '/api/users/:id', 'example.delete_user', '{"role": ["admin"]}');

-- The workshop (seed 002).
SELECT herald.action('GET', '/api/workorders', 'example.list_work_orders', '{"role": ["admin", "mechanic", "warehouse"]}');
SELECT herald.action('PATCH', '/api/workorders/:id/column', 'example.move_work_order', '{"role": ["admin", "mechanic", "warehouse"]}');
SELECT herald.action('POST', '/api/display/signature', 'example.sign_work_order', '{"role": ["admin", "mechanic", "warehouse"]}');
SELECT herald.action('POST', '/api/workorders/:id/sessions', 'example.start_session', '{"role": ["admin", "mechanic"]}');
SELECT herald.action('PATCH', '/api/workorders/:id/sessions/:sessionId', 'example.stop_session', '{"role": ["admin", "mechanic"]}');

-- Games (seed 003).
SELECT herald.action('POST', '/api/rounds/:gameType/:gameId', 'example.create_round', '{"role": ["staff", "admin"]}');
