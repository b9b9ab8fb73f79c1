-- Whoever writes a table that a stream names in `recheck` may set what they like in their own session. All the same everyone is asked again.
SELECT plan(5);
CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE TABLE things (id int PRIMARY KEY);
CREATE TABLE members (who text);
SELECT herald.watch('things'), herald.stream('/t', '{things}', authorize => 'public.may', recheck => '{"public.members": null}');
CREATE ROLE :"DBNAME";
GRANT ALL ON members TO :"DBNAME";
CREATE FUNCTION asked() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT count(*) FROM herald.changes WHERE topic = '!gate' AND event = 'recheck' $$;
SET ROLE :"DBNAME";

BEGIN;
SELECT set_config('herald.rechecked', pg_current_xact_id()::text, true);
INSERT INTO members VALUES ('ann');
COMMIT;
SELECT is(asked(), 1::bigint, 'a mark that a session sets does not count');
BEGIN;
INSERT INTO members VALUES ('bob');
INSERT INTO members VALUES ('cid');
TRUNCATE members;
SELECT current_setting('herald.rechecked') AS place \gset
COMMIT;
SELECT is(asked(), 2::bigint, 'a transaction asks once');
BEGIN;
SELECT set_config('herald.rechecked', :'place', true);
INSERT INTO members VALUES ('dan');
COMMIT;
SELECT is(asked(), 3::bigint, 'the mark of another transaction does not count');
BEGIN;
SAVEPOINT s;
INSERT INTO members VALUES ('eve');
SELECT current_setting('herald.rechecked') AS place \gset
ROLLBACK TO s;
SELECT set_config('herald.rechecked', :'place', true);
INSERT INTO members VALUES ('eve');
COMMIT;
SELECT is(asked(), 4::bigint, 'nor does one that was rolled back');
BEGIN;
SELECT set_config('herald.rechecked', v, true) FROM unnest('{(4294967295,65535),no place}'::text[]) v;
INSERT INTO members VALUES ('fay');
COMMIT;
SELECT is(asked(), 5::bigint, 'nor does nonsense, of which no writer fails');
RESET ROLE;
SELECT finish();
