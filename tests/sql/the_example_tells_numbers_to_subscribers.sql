-- contrib/example: the rounds of a game (seed 003): who may listen, what is told, and POST /api/rounds.
\ir lib/example.sql
SELECT plan(31);
CREATE FUNCTION may(claims text) RETURNS boolean LANGUAGE sql AS
  $$ SELECT herald.entitled('/stream/rounds/:gameType/:gameId/:version/live', claims::jsonb, '{"gameType": "ROULETTE", "gameId": "123", "version": "v2", "k": "3"}') $$;
CREATE FUNCTION rechecked() RETURNS text[] LANGUAGE sql AS $$ SELECT array_agg(data ->> 'sub' ORDER BY id) FROM herald.changes WHERE topic = '!gate' AND event = 'recheck' $$;
CREATE FUNCTION post(body text, game text DEFAULT '123', who text DEFAULT 'grace') RETURNS jsonb LANGUAGE sql AS
  $$ SELECT test.ask(who, 'POST', '/api/rounds/:gameType/:gameId', body::jsonb, jsonb_build_object('gameType', 'ROULETTE', 'gameId', game)) $$;
\set joao '{"sub": "00000000-0000-4000-8000-000000000001"}'
SELECT results_eq('SELECT topics, match, events, format FROM herald.streams WHERE path = ''/stream/rounds/:gameType/:gameId/:version/live''',
  $$VALUES ('{rounds}'::text[], '{"game_type": "params.gameType", "game_id": "params.gameId"}'::jsonb, '{update}'::text[], 'named')$$, 'the stream is of one game');

SELECT is(may(:'joao'), true, 'who has a subscription may listen');
SELECT is(may(claims), false, 'refused: ' || claims) FROM unnest(ARRAY['{"sub": "00000000-0000-4000-8000-000000000002"}', '{"sub": "00000000-0000-4000-8000-000000000003"}',
  '{}', '{"sub": "x"}', '{"sub": ["00000000-0000-4000-8000-000000000001"]}']) claims;
UPDATE example.subscriptions SET active = false WHERE user_id = '00000000-0000-4000-8000-000000000001';
SELECT is(may(:'joao'), false, 'for as long as it is active');
SELECT is(rechecked(), '{00000000-0000-4000-8000-000000000001}', 'their open streams are asked again when it ends');
UPDATE example.subscriptions SET active = true WHERE user_id = '00000000-0000-4000-8000-000000000001';
INSERT INTO example.users (id, email) VALUES ('abcdef00-0000-4000-8000-00000000000f', 'hex@example.com');
INSERT INTO example.subscriptions VALUES ('abcdef00-0000-4000-8000-00000000000f');
SELECT is(may('{"sub": "abcdef00-0000-4000-8000-00000000000f"}'), true, 'an id of letters too');
SELECT is(may('{"sub": "ABCDEF00-0000-4000-8000-00000000000F"}'), false, 'but not in capitals: nobody could take that right back');
DELETE FROM herald.changes;
DELETE FROM example.users WHERE id = '00000000-0000-4000-8000-000000000001';
SELECT is(rechecked(), '{00000000-0000-4000-8000-000000000001}', 'and when they go themselves');

SELECT is((SELECT require FROM herald.actions WHERE path LIKE '/api/rounds%'), '{"role": ["staff", "admin"]}', 'numbers come from staff and admins');
SELECT post('{"value": 25}') AS made \gset
SELECT is(:'made'::jsonb #- '{body,data,id}' #- '{body,data,timestamp}', '{"status": 201, "fault": null, "body": {"success": true, "message": "Round created", "data": {"value": 25, "color": "red"}}}',
  'a new number has its color');
SELECT is(test.last(), jsonb_build_object('update_type', 'new_number', 'number', jsonb_build_object('value', 25, 'color', 'red', 'timestamp', :'made'::jsonb #> '{body,data,timestamp}')),
  'and is told as the document has it');
SELECT is((SELECT event || ' ' || audience::text FROM herald.changes ORDER BY id DESC LIMIT 1), 'update {game_type=ROULETTE,game_id=123}', 'to those of its game');
SELECT is(post(format('{"value": %s, "color": "%s"}', n, c)) ->> 'status', '201', format('%s is %s', n, c)) FROM (VALUES (0, 'green'), (36, 'red'), (2, 'black')) v(n, c);
SELECT is((SELECT (count(*) FILTER (WHERE example.color_of(n) = 'red'), count(*) FILTER (WHERE example.color_of(n) = 'black'), count(*) FILTER (WHERE example.color_of(n) = 'green'))::text
             FROM generate_series(-1, 37) n), '(18,18,1)', '18 red, 18 black, one green');
SELECT is(test.line(post(body, game)), said, 'refused: ' || coalesce(body, 'no body')) FROM (VALUES
  (NULL, '123', '400 The body must be a JSON object'), ('{}', '123', '400 value must be a whole number of 0 to 36'), ('{"value": 37}', '123', '400 value must be a whole number of 0 to 36'),
  ('{"value": -1}', '123', '400 value must be a whole number of 0 to 36'), ('{"value": 1.5}', '123', '400 value must be a whole number of 0 to 36'),
  ('{"value": "7"}', '123', '400 value must be a whole number of 0 to 36'), ('{"value": 7, "color": "black"}', '123', '400 color of 7 is red'),
  ('{"value": 7, "color": 1}', '123', '400 color must be a text of 1 to 200 characters'), ('{"value": 7}', '124', '404 Game not found')) v(body, game, said);
SELECT is((SELECT count(*) FROM example.rounds), 4::bigint, 'what was refused is no round');
SELECT is((SELECT array_agg(data #>> '{number,value}' ORDER BY id) FROM herald.changes WHERE topic = 'rounds'), '{25,0,36,2}', 'and nobody is told of it');
SELECT finish();
