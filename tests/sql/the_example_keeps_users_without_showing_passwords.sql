-- contrib/example: GET and POST /api/users, DELETE /api/users/:id (seed 001).
\ir lib/example.sql
SELECT plan(25);
CREATE FUNCTION post(body text) RETURNS jsonb LANGUAGE sql AS $$ SELECT test.ask('grace', 'POST', '/api/users', body::jsonb) $$;
CREATE FUNCTION remove(id text) RETURNS jsonb LANGUAGE sql AS $$ SELECT test.ask('grace', 'DELETE', '/api/users/:id', NULL, jsonb_build_object('id', id)) $$;
SELECT is((SELECT array_agg(method || ' ' || path ORDER BY path, method) FROM herald.actions WHERE path LIKE '/api/users%' AND require = '{"role": ["admin"]}'),
  '{"GET /api/users","POST /api/users","DELETE /api/users/:id"}', 'all three are for admins');

SELECT post('{"email": "5213334987900@whatsapp.local", "name": "Nuevo", "phoneNumber": "+5213334987900", "password_hash": "x$secret", "id": "x"}') AS made \gset
SELECT is(:'made'::jsonb #- '{body,data,id}' #- '{body,data,createdAt}', '{"status": 201, "fault": null, "body": {"success": true, "message": "User created", "data":
  {"email": "5213334987900@whatsapp.local", "name": "Nuevo", "phoneNumber": "+5213334987900", "role": "customer", "storeSlug": null}}}', 'a user is made');
SELECT is((SELECT password_hash FROM example.users WHERE email = '5213334987900@whatsapp.local'), NULL, 'without what the body had no business to say');
SELECT is(test.last() -> 'user', (:'made'::jsonb #> '{body,data}') - '{role,storeSlug}'::text[], 'admins are told');
SELECT is(test.line(post('{"email": "5213334987900@whatsapp.local"}')), '409 There is a user with this e-mail address', 'an address is taken once');
SELECT is(post('{"email": "a@b", "role": "staff", "storeSlug": "minha-loja"}') #> '{body,data}' @> '{"role": "staff", "storeSlug": "minha-loja", "name": null}', true, 'staff of a store');
SELECT is(test.line(post(body)), '400 ' || said, 'refused: ' || left(body, 60)) FROM (VALUES
  ('[]', 'The body must be a JSON object'), ('{}', 'email is missing'), ('{"email": null}', 'email is missing'), ('{"email": 7}', 'email must be a text of 1 to 254 characters'),
  ('{"email": "a"}', 'email must be an e-mail address'), ('{"email": "a@b@c"}', 'email must be an e-mail address'), ('{"email": "a@b c"}', 'email must be an e-mail address'),
  ('{"email": "a@c", "role": "root"}', 'role must be one of: customer, staff, admin, mechanic, warehouse'),
  ('{"email": "a@c", "storeSlug": "nowhere"}', 'storeSlug is no store'),
  ('{"email": "a@c", "name": []}', 'name must be a text of 1 to 200 characters')) v(body, said);

SELECT test.ask('grace', 'GET', '/api/users') AS list \gset
SELECT is(jsonb_array_length(:'list'::jsonb #> '{body,data}'), (SELECT count(*)::int FROM example.users), 'all users');
SELECT is(:'list'::jsonb #> '{body,data,-1}' ?& '{id,email,name,phoneNumber,role,storeSlug,createdAt}', true, 'with what the list shows');
SELECT ok(:'list' !~ 'hash|secret', 'and no password');

SELECT is(remove(:'made'::jsonb #>> '{body,data,id}'), '{"status": 200, "fault": null, "body": {"success": true, "message": "User deleted"}}', 'a user goes');
SELECT is(test.last() #>> '{user,email}', '5213334987900@whatsapp.local', 'admins are told');
SELECT is(test.line(remove(:'made'::jsonb #>> '{body,data,id}')), '404 User not found', 'once');
SELECT is(test.line(remove('x')), '404 User not found', 'what is no id is nobody''s');
SELECT remove('00000000-0000-4000-8000-000000000001');
SELECT is((SELECT user_id FROM example.orders WHERE order_code = 'ORD-A7X3B2'), NULL, 'orders stay, without their user');
SELECT ok(NOT EXISTS (SELECT FROM herald.changes c WHERE c::text ~ 'secret|hash'), 'no password is in the log');
SELECT finish();
