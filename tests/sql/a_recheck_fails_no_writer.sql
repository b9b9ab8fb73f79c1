-- A table that a stream names in `recheck` may hold anything: what cannot be printed asks for everyone, and not for each row. Only the writer's
-- own cancellation ends its statement.
SELECT plan(11);
CREATE FUNCTION told() RETURNS text[] LANGUAGE sql AS $$ SELECT coalesce(array_agg(data::text ORDER BY id), '{}') FROM herald.changes WHERE topic = '!gate' $$;
CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS $$ DELETE FROM herald.changes $$;
CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE TYPE odd AS ENUM ('assert', 'cancel', 'sleep', 'fine');
CREATE FUNCTION odd_json(odd) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
  ASSERT $1 <> 'assert';
  IF $1 = 'cancel' THEN RAISE query_canceled; END IF;
  IF $1 = 'sleep' THEN PERFORM pg_sleep(60); END IF;
  RETURN to_json($1::text);
END $$;
CREATE CAST (odd AS json) WITH FUNCTION odd_json(odd);
CREATE TABLE members (who text, j json, o odd);
SELECT herald.stream('/s', '{t}', authorize => 'public.may', recheck => '{"public.members": "who"}');

SELECT lives_ok($$INSERT INTO members (who, j) VALUES ('ann', '{"x": "\u0000"}'), ('bob', '1')$$, 'another column that jsonb cannot hold fails no writer');
SELECT is(told(), '{"{\"sub\": \"ann\"}","{\"sub\": \"bob\"}"}', 'and the subjects are asked for');
SELECT forget();
SELECT lives_ok('UPDATE members SET j = NULL', 'nor when it goes');
SELECT is(cardinality(told()), 2, 'each is asked for once');
SELECT herald.stream('/s', '{t}', authorize => 'public.may', recheck => '{"public.members": "j"}');
SELECT forget();
SELECT lives_ok($$INSERT INTO members (j) SELECT '{"x": "\u0000"}' FROM generate_series(1, 50)$$, 'the subject''s column itself fails no writer');
SELECT is(told(), '{"{\"sub\": null}"}', 'everyone is asked for, once a transaction');
SELECT lives_ok('DELETE FROM members', 'nor when they go');
SELECT herald.stream('/s', '{t}', authorize => 'public.may', recheck => '{"public.members": "o"}');
SELECT forget();
SELECT lives_ok($$INSERT INTO members (o) VALUES ('assert'), ('cancel'), ('fine')$$, 'nor a type whose cast asserts or cancels');
SELECT is(told(), '{"{\"sub\": null}","{\"sub\": \"fine\"}"}', 'and the others are asked for');
CREATE FUNCTION ends_by(sql text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; RETURN 'nothing'; EXCEPTION WHEN query_canceled THEN RETURN SQLERRM; END $$;
SET statement_timeout = '1s';
SELECT is(ends_by($$INSERT INTO members (o) VALUES ('sleep')$$), 'canceling statement due to statement timeout', 'a statement that runs too long ends');
RESET statement_timeout;
SELECT is((SELECT count(*) FROM members), 3::bigint, 'and wrote nothing');
SELECT finish();
