-- contrib/example/grants.sql: a role that has these rights, and those to call actions, can do what the example does; nothing else.
\ir lib/example.sql
SELECT plan(22);
SELECT 'example_daemon_' || pg_backend_pid() AS daemon \gset
CREATE ROLE :daemon;
\ir ../../contrib/example/grants.sql
GRANT USAGE ON SCHEMA herald, test TO :daemon;
GRANT SELECT ON herald.actions, herald.streams TO :daemon;
GRANT EXECUTE ON FUNCTION herald.act(text, text, jsonb), herald.action_function(text, text), herald.act_claims(jsonb), herald.act_answer(text, jsonb),
  herald.act_error(text, text), herald.printed_bytes(jsonb, bigint, int), herald.deep_bytes(jsonb, bigint), herald.told_bytes(), herald.entitled(text, jsonb, jsonb) TO :daemon;
\set b1 '{"id": "00000000-0000-4000-8000-0000000000b1"}'
\set a1 '{"id": "00000000-0000-4000-8000-0000000000a1"}'
CREATE TABLE public.answers (what text, status text, fault text);
GRANT INSERT, SELECT ON public.answers TO :daemon;
CREATE FUNCTION test.note(what text, answer jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.answers VALUES (what, answer ->> 'status', answer ->> 'fault') $$;

SET ROLE :daemon;
SELECT test.note('GET orders', test.ask('ana', 'GET', '/api/orders', NULL, '{}', '{"store": "minha-loja"}')),
  test.note('POST orders', test.ask('joao', 'POST', '/api/orders', '{"storeSlug": "minha-loja", "customerName": "J", "items": [{}], "total": 1}')),
  test.note('PATCH order', test.ask('ana', 'PATCH', '/api/orders/:id', '{"total": 2}', :'a1')),
  test.note('PATCH status', test.ask('ana', 'PATCH', '/api/orders/:id/status', '{"order_status": "Preparing"}', :'a1')),
  test.note('GET users', test.ask('grace', 'GET', '/api/users')),
  test.note('POST users', test.ask('grace', 'POST', '/api/users', '{"email": "a@b", "storeSlug": "minha-loja"}')),
  test.note('DELETE user', test.ask('grace', 'DELETE', '/api/users/:id', NULL, '{"id": "00000000-0000-4000-8000-000000000002"}')),
  test.note('GET work orders', test.ask('pieter', 'GET', '/api/workorders')),
  test.note('PATCH column', test.ask('pieter', 'PATCH', '/api/workorders/:id/column', '{"column": "Gereed"}', :'b1')),
  test.note('POST signature', test.ask('pieter', 'POST', '/api/display/signature', '{"workOrderId": "00000000-0000-4000-8000-0000000000b1", "signature": "x"}')),
  test.note('POST session', test.ask('pieter', 'POST', '/api/workorders/:id/sessions', NULL, :'b1')),
  test.note('PATCH session', test.ask('pieter', 'PATCH', '/api/workorders/:id/sessions/:sessionId', NULL,
    '{"id": "00000000-0000-4000-8000-0000000000b2", "sessionId": "00000000-0000-4000-8000-0000000000c1"}')),
  test.note('POST round', test.ask('grace', 'POST', '/api/rounds/:gameType/:gameId', '{"value": 7}', '{"gameType": "ROULETTE", "gameId": "123"}'));
SELECT is(status, CASE WHEN what LIKE 'POST %' AND what <> 'POST signature' THEN '201' ELSE '200' END, what || coalesce(': ' || fault, '')) FROM public.answers;
SELECT is((SELECT count(*) FROM public.answers), (SELECT count(*) FROM herald.actions), 'these are all actions');
SELECT ok(herald.entitled('/stream/rounds/:gameType/:gameId/:version/live', test.claims('joao'), '{}'), 'a subscription is seen');
SELECT throws_ok('SELECT password_hash FROM example.users', '42501', NULL, 'passwords are not');
SELECT throws_ok('SELECT * FROM example.customers', '42501', NULL, 'nor customers');
SELECT throws_ok('UPDATE example.subscriptions SET active = true', '42501', NULL, 'no subscription is given away');
SELECT throws_ok('UPDATE example.users SET role = ''admin''', '42501', NULL, 'nor a role');
SELECT throws_ok('DELETE FROM example.orders', '42501', NULL, 'no order is deleted');
RESET ROLE;
SELECT ok((SELECT count(*) FROM herald.changes WHERE topic IN ('orders', 'users', 'work_orders', 'work_sessions', 'rounds')) > 8, 'what it did is told');
SELECT is((SELECT faults FROM herald.status), NULL, 'by rules that do not fail');
DROP OWNED BY :daemon;
DROP ROLE :daemon;
SELECT finish();
