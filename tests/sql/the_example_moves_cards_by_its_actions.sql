-- contrib/example: the actions of the board (seed 002), and the events that each of them pushes.
\ir lib/example.sql
SELECT plan(39);
\set b1 '00000000-0000-4000-8000-0000000000b1'
CREATE FUNCTION news() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  said text[];
BEGIN
  SELECT array_agg(concat_ws(':', data ->> 'changeType', coalesce(data ->> 'column', data ->> 'status', data ->> 'mechanic')) ORDER BY id) INTO said
    FROM herald.changes WHERE event = 'workorder-update';
  DELETE FROM herald.changes;
  RETURN said;
END $$;
CREATE FUNCTION move(body text, id text DEFAULT '00000000-0000-4000-8000-0000000000b1') RETURNS jsonb LANGUAGE sql AS
  $$ SELECT test.ask('pieter', 'PATCH', '/api/workorders/:id/column', body::jsonb, jsonb_build_object('id', id)) $$;
CREATE FUNCTION sign(body text) RETURNS jsonb LANGUAGE sql AS $$ SELECT test.ask('pieter', 'POST', '/api/display/signature', body::jsonb) $$;
CREATE FUNCTION start(who text, body text DEFAULT NULL, id text DEFAULT '00000000-0000-4000-8000-0000000000b1') RETURNS jsonb LANGUAGE sql AS
  $$ SELECT test.ask(who, 'POST', '/api/workorders/:id/sessions', body::jsonb, jsonb_build_object('id', id)) $$;
CREATE FUNCTION stop(session text, id text DEFAULT '00000000-0000-4000-8000-0000000000b1') RETURNS jsonb LANGUAGE sql AS
  $$ SELECT test.ask('pieter', 'PATCH', '/api/workorders/:id/sessions/:sessionId', NULL, jsonb_build_object('id', id, 'sessionId', session)) $$;
SELECT results_eq($$SELECT method, path, require FROM herald.actions WHERE path ~ 'workorders|display' ORDER BY path COLLATE "C", method$$,
  $$VALUES ('POST', '/api/display/signature', '{"role": ["admin", "mechanic", "warehouse"]}'::jsonb), ('GET', '/api/workorders', '{"role": ["admin", "mechanic", "warehouse"]}'),
           ('PATCH', '/api/workorders/:id/column', '{"role": ["admin", "mechanic", "warehouse"]}'), ('POST', '/api/workorders/:id/sessions', '{"role": ["admin", "mechanic"]}'),
           ('PATCH', '/api/workorders/:id/sessions/:sessionId', '{"role": ["admin", "mechanic"]}')$$, 'they are for those of the workshop');

-- The display, where the customer signs.
SELECT is(sign('{"workOrderId": "00000000-0000-4000-8000-0000000000b1", "signature": "data:image/png;base64,aGk="}') #- '{body,data,createdAt}' #- '{body,data,updatedAt}',
  '{"status": 200, "fault": null, "body": {"success": true, "message": "Work order signed", "data": {"id": "00000000-0000-4000-8000-0000000000b1", "plate": "GT-123-K",
  "customerName": "Sanne de Vries", "status": "GOEDGEKEURD", "column": "Auto binnen", "signed": true}}}', 'a signed work order is approved and its car is in');
SELECT is(news(), '{"column:Auto binnen",status:GOEDGEKEURD}', 'column and status are pushed');
SELECT is((SELECT signature FROM example.work_orders WHERE id = :'b1'), 'data:image/png;base64,aGk=', 'the signature is kept');
SELECT move('{"column": "Onder handen"}');
SELECT is(news(), '{"column:Onder handen",status:IN_UITVOERING}', 'a card that is moved changes its status with it');
SELECT is(test.line(sign('{"workOrderId": "00000000-0000-4000-8000-0000000000b1", "signature": "data:image/png;base64,aGk="}')), '200 Work order signed', 'the same signature again is done already');
SELECT is(news(), NULL, 'and moves nothing back');
SELECT is(test.line(sign('{"workOrderId": "00000000-0000-4000-8000-0000000000b1", "signature": "other"}')), '409 This work order is signed already', 'another one is too late');
SELECT is(test.line(sign(body)), said, 'refused: ' || body) FROM (VALUES
  ('[]', '400 The body must be a JSON object'), ('{"workOrderId": "00000000-0000-4000-8000-0000000000b2"}', '400 signature is missing'), ('{"signature": "x"}', '400 workOrderId is missing'),
  ('{"workOrderId": 7, "signature": "x"}', '400 workOrderId must be a text of 1 to 200 characters'), ('{"workOrderId": "x", "signature": "x"}', '404 Work order not found'),
  ('{"workOrderId": "00000000-0000-4000-8000-0000000000ff", "signature": "x"}', '404 Work order not found')) v(body, said);

SELECT is(move('{"column": "Gereed", "status": "NIEUW", "signature": "x"}') #> '{body,data}' @> '{"status": "GEREED", "column": "Gereed"}', true, 'the status is the column''s, whatever the body says');
SELECT is(news(), '{column:Gereed,status:GEREED}', 'two events');
SELECT is(test.line(move('{"column": "Gereed"}')), '200 Work order moved', 'the same column again is done already');
SELECT is(news(), NULL, 'without an event');
SELECT is(test.line(move(body, id)), said, 'refused: ' || coalesce(body, 'no body') || ' of ' || right(id, 2)) FROM (VALUES
  (NULL, :'b1', '400 The body must be a JSON object'), ('{}', :'b1', '400 column is missing'),
  ('{"column": "gereed"}', :'b1', '400 column must be one of: Nieuw, Auto binnen, Onder handen, Wacht op onderdelen, Gereed'),
  ('{"column": "Gereed"}', 'x', '404 Work order not found'), ('{"column": "Gereed"}', '00000000-0000-4000-8000-0000000000ff', '404 Work order not found')) v(body, id, said);
SELECT is(news(), NULL, 'what is refused pushes nothing');

SELECT start('pieter') AS made \gset
SELECT is(:'made'::jsonb #> '{body,data}' @> '{"workOrderId": "00000000-0000-4000-8000-0000000000b1", "mechanic": "Pieter Bakker", "stoppedAt": null}' AND :'made'::jsonb ->> 'status' = '201', true, 'a mechanic begins, without a word');
SELECT is(news(), '{"session:Pieter Bakker"}', 'that is pushed');
SELECT is(test.line(start('pieter')), '409 Pieter Bakker is at work on it already', 'once at a time');
SELECT is(start('pieter', '{"mechanic": "Kees"}', '00000000-0000-4000-8000-0000000000b1') ->> 'status', '409', 'nobody but an admin names another');
SELECT is(start('grace', '{"mechanic": "Kees"}') #>> '{body,data,mechanic}', 'Kees', 'who may');
SELECT is(test.line(start('nobody')), '400 mechanic is missing: there is no user with a name behind this token', 'somebody must work');
SELECT is(test.line(start('pieter', NULL, 'x')), '404 Work order not found', 'on something');
SELECT news();
SELECT is(stop(:'made'::jsonb #>> '{body,data,id}') #>> '{body,data,stoppedAt}' ~ '^\d{4}-.*Z$', true, 'a mechanic stops');
SELECT is(news(), '{"session:Pieter Bakker"}', 'that is pushed');
SELECT is(test.line(stop(:'made'::jsonb #>> '{body,data,id}')), '200 Session stopped', 'to stop again is done already');
SELECT is(news(), NULL, 'without an event');
SELECT is(test.line(stop('x')) || ', ' || test.line(stop(:'made'::jsonb #>> '{body,data,id}', '00000000-0000-4000-8000-0000000000b2')), '404 Session not found, 404 Session not found', 'a session is one of its work order');
SELECT is(start('pieter') ->> 'status', '201', 'and begins anew');

SELECT test.ask('pieter', 'GET', '/api/workorders') #> '{body,data}' AS cards \gset
SELECT is((SELECT jsonb_agg(c - '{createdAt,updatedAt,sessions,parts}'::text[] ORDER BY c ->> 'id') FROM jsonb_array_elements(:'cards'::jsonb) c), '[
  {"id": "00000000-0000-4000-8000-0000000000b1", "plate": "GT-123-K", "customerName": "Sanne de Vries", "status": "GEREED", "column": "Gereed", "signed": true, "invoices": []},
  {"id": "00000000-0000-4000-8000-0000000000b2", "plate": "XP-456-L", "customerName": "Daan Jansen", "status": "IN_UITVOERING", "column": "Onder handen", "signed": false, "invoices": []}]',
  'the board''s cards, without the signature');
SELECT is((SELECT array_agg(jsonb_array_length(c -> 'sessions') || ' ' || jsonb_array_length(c -> 'parts') ORDER BY c ->> 'id') FROM jsonb_array_elements(:'cards'::jsonb) c), '{"3 0","1 1"}', 'with what is of each');
SELECT finish();
