-- What an action's function gets, and what becomes of what it returns.
SELECT plan(41);
CREATE TABLE log (said text);
-- Answers as the body of its request says.
CREATE FUNCTION public.echo(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.log VALUES (current_setting('request.jwt.claims'));
  RETURN request -> 'body';
END $$;
CREATE FUNCTION public.whole(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('body', request) $$;
CREATE FUNCTION public.nothing(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT NULL::jsonb $$;
SELECT herald.action('POST', '/echo', 'public.echo'), herald.action('POST', '/whole', 'public.whole'), herald.action('POST', '/nothing', 'public.nothing');
CREATE FUNCTION answer(body text) RETURNS jsonb LANGUAGE sql AS $$ SELECT herald.act('POST', '/echo', jsonb_build_object('body', body::jsonb)) $$;

SELECT is(herald.act('POST', '/whole', r), jsonb_build_object('status', 200, 'body', r, 'fault', NULL), 'the request comes as it is')
  FROM (SELECT '{"params": {"id": "7"}, "query": {"k": "3"}, "body": [1, {"x": 460.00}], "claims": {"sub": "ann"}}'::jsonb) v(r);
SELECT is(answer('{}'), '{"status": 200, "body": null, "fault": null}', 'an empty answer is 200 without a body');
SELECT is(answer('{"status": 201}'), '{"status": 201, "body": null, "fault": null}', 'a status may stand alone');
SELECT is(answer('{"body": null}'), '{"status": 200, "body": null, "fault": null}', 'a body of null is none');
SELECT is(answer('{"status": 404, "body": [1.50]}')::text, '{"body": [1.50], "fault": null, "status": 404}', 'numbers stay as they are written');
SELECT is((SELECT array_agg(answer(format('{"status": %s}', s)) ->> 'status') FROM unnest('{200,204,299,304,418,599}'::int[]) s),
  '{200,204,299,304,418,599}', 'statuses of 200 to 599');
SELECT is((SELECT count(*) FROM log), 10::bigint, 'what it wrote is there, whatever the status');
TRUNCATE log;
SELECT is(answer(a) - 'fault', '{"status": 500, "body": {"success": false, "errors": ["Internal error"]}}', a || ' is no answer')
  FROM unnest(ARRAY['null', '[]', '"ok"', '1', 'true', '{"status": "200"}', '{"status": null}', '{"status": 200.5}', '{"status": 200.0}', '{"status": 100}',
                    '{"status": 600}', '{"status": -200}', '{"status": 2000}', '{"status": [200]}', '{"bdy": 1}', '{"body": 1, "headers": {}}']) a;
SELECT matches(answer('{"bdy": 1}') ->> 'fault', '^XX000 pgherald: what public.echo', 'the log is told which function it was');
SELECT is(herald.act('POST', '/nothing', '{}') ->> 'status', '500', 'NULL is no answer');
SELECT is((SELECT count(*) FROM log), 0::bigint, 'and nothing is written then');
SELECT is(answer(jsonb_build_object('body', repeat('x', 16777200))::text) ->> 'status', '200', '16 MB are an answer');
SELECT matches(answer(jsonb_build_object('body', repeat('x', 16777300))::text) ->> 'fault', '^XX000 pgherald: what public.echo.* longer than 16 MB', 'more is none');
SELECT is(answer('{"body": [' || repeat('1e131071,', 200) || '0]}') ->> 'status', '500', 'nor what would be longer once it is printed');
SELECT is(answer('{"body": [' || repeat('1e131071,', 99) || '0]}') ->> 'status', '200', 'which is looked at before');
TRUNCATE log;

SELECT herald.act('POST', '/echo', '{"body": {}, "claims": {"sub": "ann", "n": 1.0}}');
SELECT is((SELECT said::jsonb::text FROM log), '{"n": 1.0, "sub": "ann"}', 'the claims are a setting');
SELECT is(coalesce(current_setting('request.jwt.claims', true), ''), '', 'of this transaction only');
TRUNCATE log;
SELECT herald.act('POST', '/echo', r::jsonb) FROM unnest('{"{\"body\": {}}","{\"body\": {}, \"claims\": null}","{\"body\": {}, \"claims\": 7}"}'::text[]) r;
SELECT is((SELECT array_agg(said) FROM log), '{"{}","{}","{}"}', 'no claims are {}, so a cast of the setting never fails');
BEGIN;
SELECT herald.act('POST', '/echo', '{"body": {}, "claims": {"sub": "ann"}}');
SELECT herald.act('POST', '/echo', '{"body": {}}');
COMMIT;
SELECT is((SELECT said FROM log ORDER BY ctid DESC LIMIT 1), '{}', 'and nobody gets the claims of who was there before');

SELECT is(herald.act(m, p, '{}') ->> 'status', '404', format('%s %s is not there', m, p))
  FROM (VALUES ('GET', '/echo'), ('POST', '/Echo'), ('POST', '/echo/'), (NULL, '/echo'), ('POST', NULL), ('post', '/echo')) v(m, p);
SELECT is(herald.act('POST', '/echo', NULL) ->> 'status', '500', 'no request is no answer');
SELECT finish();
