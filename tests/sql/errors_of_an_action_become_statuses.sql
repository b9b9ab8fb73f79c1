-- Each error of an action is a status and a sentence; what was written is taken back; SQL's own words go to the log only.
SELECT plan(55);
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE things (id int PRIMARY KEY, n int NOT NULL CHECK (n < 10), parent int REFERENCES parents, late int UNIQUE DEFERRABLE INITIALLY DEFERRED,
  span int4range, EXCLUDE USING gist (span WITH &&));
INSERT INTO parents VALUES (1);
INSERT INTO things VALUES (1, 1, 1, 1, '[1,5)');
-- Writes a row, then does what the body says.
CREATE FUNCTION public.run(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.parents VALUES (99);
  EXECUTE request ->> 'body';
  RETURN '{"body": "done"}';
END $$;
SELECT herald.action('POST', '/run', 'public.run');
CREATE FUNCTION run(sql text) RETURNS jsonb LANGUAGE sql AS $$ SELECT herald.act('POST', '/run', jsonb_build_object('body', sql)) $$;
CREATE FUNCTION raise(code text, message text) RETURNS text LANGUAGE sql AS $$
  SELECT format('DO $do$ BEGIN RAISE EXCEPTION USING ERRCODE = %L, MESSAGE = %L; END $do$', code, message) $$;
-- The answer, and that nothing but fault says more than it should.
CREATE FUNCTION check_answer(sql text, status int, error text, code text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  a jsonb := public.run(sql);
BEGIN
  RETURN NEXT is(a - 'fault', jsonb_build_object('status', status, 'body', jsonb_build_object('success', false, 'errors', jsonb_build_array(error))), what);
  RETURN NEXT ok(a ->> 'fault' LIKE code || ' _%', what || ': the log is told ' || code);
END $$;
\set conflict '\'It conflicts with what is there already\''
\set bad '\'A value is missing or not possible\''

SELECT check_answer('INSERT INTO public.things VALUES (1, 1)', 409, :conflict, '23505', 'a key that is taken');
SELECT check_answer('INSERT INTO public.things VALUES (2, 1, 1, 1)', 409, :conflict, '23505', 'one that is deferred to the commit');
SELECT check_answer('INSERT INTO public.things VALUES (2, 1, 1, 2, ''[4,6)'')', 409, :conflict, '23P01', 'an exclusion');
SELECT check_answer('INSERT INTO public.things VALUES (2, 1, 7)', 409, :conflict, '23503', 'a foreign key without its row');
SELECT check_answer('DELETE FROM public.parents WHERE id = 1', 409, :conflict, '23503', 'a row that is referred to');
SELECT check_answer('INSERT INTO public.things VALUES (2, NULL)', 400, :bad, '23502', 'a NULL');
SELECT check_answer('INSERT INTO public.things VALUES (2, 11)', 400, :bad, '23514', 'a check');
SELECT check_answer('SELECT ''x''::uuid', 400, :bad, '22P02', 'a text that is no uuid');
SELECT check_answer('SELECT 1 / 0', 400, :bad, '22012', 'a division by zero');
SELECT check_answer('DO $do$ DECLARE r record; BEGIN SELECT * INTO STRICT r FROM public.things WHERE id = 9; END $do$', 404, 'Not found', 'P0002', 'a row that is not there');
SELECT check_answer(raise('P0001', 'Só até às 18h'), 400, 'Só até às 18h', 'P0001', 'RAISE EXCEPTION with its message');
SELECT check_answer(raise('PT404', 'Order not found'), 404, 'Order not found', 'PT404', 'a status of the application''s choice');
SELECT check_answer(raise('PT503', 'Closed'), 503, 'Closed', 'PT503', 'also above 500');
SELECT check_answer(raise('PT200', 'secret'), 500, 'Internal error', 'PT200', 'PT200 is no error''s status');
SELECT check_answer(raise('PT4XX', 'secret'), 500, 'Internal error', 'PT4XX', 'nor is PT4XX');
SELECT check_answer(raise('42501', 'secret'), 403, 'Not allowed', '42501', 'a privilege that is missing');
SELECT check_answer(raise('40001', 'secret'), 503, 'It cannot be done now, try again', '40001', 'a serialization failure');
SELECT check_answer(raise('40P01', 'secret'), 503, 'It cannot be done now, try again', '40P01', 'a deadlock');
SELECT check_answer(raise('55P03', 'secret'), 503, 'It cannot be done now, try again', '55P03', 'a lock that is not to be had');
SELECT check_answer(raise('25006', 'secret'), 503, 'It cannot be done now, try again', '25006', 'a standby');
SELECT check_answer(raise('53100', 'secret'), 503, 'It cannot be done now, try again', '53100', 'a full disk');
SELECT check_answer('SELECT secret FROM public.secrets', 500, 'Internal error', '42P01', 'a table that is not there');
SELECT check_answer('DO $do$ BEGIN ASSERT false, ''secret''; END $do$', 500, 'Internal error', 'P0004', 'an assertion');
SELECT check_answer('SELECT ''abc''::xml::text, 1 +', 500, 'Internal error', '42601', 'a syntax error');
SELECT check_answer('SAVEPOINT s', 500, 'Internal error', '0A000', 'a statement that is not for functions');

SELECT is((SELECT count(*) FROM parents WHERE id = 99), 0::bigint, 'what was written before an error is taken back');
SELECT is(run('SELECT 1'), '{"status": 200, "body": "done", "fault": null}', 'where nothing is wrong, it is there');
SELECT is((SELECT count(*) FROM parents WHERE id = 99), 1::bigint, 'for good');
DELETE FROM parents WHERE id = 99;
CREATE FUNCTION cancelled(sql text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM public.run(sql);
  RETURN false;
EXCEPTION WHEN query_canceled THEN
  RETURN true;
END $$;
SET statement_timeout = '1s';
SELECT cancelled('SELECT pg_sleep(60)') AS cancelled \gset
RESET statement_timeout;
SELECT ok(:'cancelled', 'a timeout ends the statement: the caller must say so');
SELECT is((SELECT count(*) FROM parents WHERE id = 99), 0::bigint, 'and takes back what it did');
SELECT finish();
