-- match => '{"room": "function:app.my_rooms"}': the function says at each opening which values a subscriber may see.
SELECT plan(25);
CREATE SCHEMA app;
CREATE TABLE app.members (room text, user_id text);
CREATE FUNCTION app.my_rooms(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql STABLE AS $$ SELECT room FROM app.members WHERE user_id = claims ->> 'sub' $$;
CREATE FUNCTION app.wide(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql STABLE AS $$ SELECT n::text FROM generate_series(1, (params ->> 'n')::int) n $$;
CREATE FUNCTION app.one(claims jsonb, params jsonb) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
CREATE FUNCTION app.fails(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql STABLE AS $$ SELECT (1 / (params ->> 'n')::int)::text $$;
CREATE FUNCTION app.ask(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS $$ SELECT (params ->> 'ok')::boolean $$;
INSERT INTO app.members VALUES ('b', '7'), ('a', '7'), ('a', '7'), (NULL, '7'), ('c', '8');
CREATE FUNCTION test.stream(match jsonb, authorize text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$ SELECT herald.stream('/m', '{messages}', match => match, authorize => authorize) $$;

SELECT lives_ok($$SELECT test.stream('{"room": "function:app.my_rooms", "kind": "=x"}')$$, 'a function is a source');
SELECT is((SELECT match ->> 'room' FROM herald.streams), 'function:app.my_rooms', 'and is kept by its name');
SELECT is(herald.listed('/m', '{"sub": "7"}', '{}'), '{"room": ["a", "b"]}', 'its values come once each, sorted, without NULL');
SELECT is(herald.listed('/m', '{"sub": "9"}', '{}'), '{"room": []}', 'it may yield none');
SELECT is(herald.listed('/none', '{"sub": "7"}', '{}'), NULL, 'a stream that is not there lists nothing');
BEGIN;
SELECT is((SELECT a::text FROM herald.asked('/m', '{"sub": "7"}', '{}', NULL) a), '(t,"{""room"": [""a"", ""b""]}",)', 'asked at an opening');
SELECT is(current_setting('request.jwt.claims', true)::jsonb ->> 'sub', '7', 'row security policies know the claims');
COMMIT;
SELECT is((SELECT a.allowed FROM herald.asked('/none', '{"sub": "7"}', '{}', NULL) a), false, 'a stream that is gone allows nothing');
SELECT test.stream('{"room": "function:app.my_rooms"}', 'app.ask');
SELECT is((SELECT a.listed FROM herald.asked('/m', '{"sub": "7"}', '{"ok": false}', NULL) a), NULL, 'where authorize says no nothing is listed');
SELECT is((SELECT a.listed FROM herald.asked('/m', '{"sub": "7"}', '{"ok": true}', NULL) a), '{"room": ["a", "b"]}', 'where it says yes it is');

SELECT test.stream('{"a": "function:app.wide"}');
SELECT is(jsonb_array_length(herald.listed('/m', '{}', '{"n": 10000}') -> 'a'), 10000, 'ten thousand values');
SELECT throws_ok($$SELECT herald.listed('/m', '{}', '{"n": 10001}')$$, '54000', 'pgherald: app.wide yields more than 10000 values for ''a''', 'and no more');
SELECT test.stream('{"a": "function:app.fails"}');
SELECT throws_ok($$SELECT * FROM herald.asked('/m', '{}', '{"n": 0}', NULL)$$, '22012', NULL, 'a function that fails is no answer');

SELECT throws_ok($$SELECT test.stream('{"a": "function:app.nothing"}')$$, '42883', 'pgherald: there is no function app.nothing(claims jsonb, params jsonb) returns setof text', 'one that is not there is refused');
SELECT throws_ok($$SELECT test.stream('{"a": "function:app.one"}')$$, '42883', NULL, 'one that yields one text');
SELECT throws_ok($$SELECT test.stream('{"a": "function:app.ask"}')$$, '42883', NULL, 'one that yields something else');
SELECT throws_like($$SELECT test.stream('{"a": "function:"}')$$, '%not a source', 'none');
SELECT throws_like($$SELECT test.stream('{"a": "sql.my_rooms"}')$$, '%not a source', 'another word');
SELECT lives_ok($$SELECT herald.stream('/open', '{messages}', match => '{"a": "function:app.wide"}', anonymous => true)$$, 'an anonymous stream may have one');

CREATE TABLE public.members (room text, user_id text);
SELECT lives_ok($$SELECT herald.stream('/m', '{messages}', match => '{"room": "function:app.my_rooms"}', recheck => '{"public.members": "user_id"}')$$, 'recheck asks it again');
SELECT throws_like($$SELECT herald.stream('/m', '{messages}', match => '{"room": "claims.rooms"}', recheck => '{"public.members": "user_id"}')$$, '%nothing to recheck', 'where there is one');
INSERT INTO public.members VALUES ('a', '7');
SELECT is((SELECT data ->> 'sub' FROM herald.changes WHERE topic = '!gate' ORDER BY id DESC LIMIT 1), '7', 'a change of membership tells the gates');

CREATE TABLE messages (id int PRIMARY KEY, room uuid);
SELECT herald.watch('messages', audience => '{room}');
INSERT INTO app.members VALUES ('9F1C0D2E-1111-4222-8333-444455556666', '9');
SELECT is(herald.listed('/m', '{"sub": "9"}', '{}'), '{"room": ["9f1c0d2e-1111-4222-8333-444455556666"]}', 'its values count as the routing column writes them');
SELECT is((SELECT count(*) FROM herald.streams s, herald.doubts(s) d WHERE s.path = '/m'), 0::bigint, 'nothing is odd about it');
ALTER FUNCTION app.my_rooms RENAME TO "My rooms";
SELECT herald.stream('/m', '{messages}', match => '{"room": "function:app.\"My rooms\""}');
SELECT is(herald.listed('/m', '{"sub": "7"}', '{}'), '{"room": ["a", "b"]}', 'a name that needs quotes');
SELECT finish();
