-- The right to ask the server who it is can be taken from herald's owner, and be given back; and asking can fail for a moment. The log is
-- the same all the same, and every cursor of it holds. What is another database's is found out as before.
SELECT plan(15);
SELECT 'herald_owner_' || pg_backend_pid() AS owner \gset
CREATE ROLE :owner;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec
GRANT CREATE ON SCHEMA public TO :owner;
GRANT USAGE ON SCHEMA test TO :owner;
DROP SCHEMA herald CASCADE;
SET ROLE :owner;
\ir ../../sql/install.sql
SET client_min_messages = error;
CREATE TABLE public.things (id int);
SELECT herald.watch('public.things');
INSERT INTO public.things VALUES (1);
SELECT herald.tick();
SELECT is(herald.cursor_fault(2), NULL, 'a cursor holds');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC;
SET ROLE :owner;
SELECT herald.attach();
SELECT is((SELECT count(*) FROM herald.changes), 1::bigint, 'the right to ask is lost, and nothing else');
SELECT is(herald.cursor_fault(2), NULL, 'the cursor holds');
SELECT ok(herald.has_begun(), 'the log is the one of here');
INSERT INTO public.things VALUES (2);
SELECT herald.tick();
SELECT is(test.delivered(0), '{things.insert,things.insert}', 'it goes on');
SELECT tick AS lost FROM herald.head() \gset
RESET ROLE;
GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC;
SET ROLE :owner;
SELECT herald.attach();
SELECT is((SELECT count(*) FROM herald.changes), 2::bigint, 'the right comes back');
SELECT is(array[herald.cursor_fault(2), herald.cursor_fault(:lost)], '{NULL,NULL}', 'cursors of both times hold');

RESET ROLE;
ALTER FUNCTION pg_catalog.pg_control_system() RENAME TO the_real_one;
CREATE FUNCTION pg_catalog.pg_control_system(OUT system_identifier bigint) LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'could not open file "global/pg_control": too many open files' USING ERRCODE = current_setting('test.state');
END $$;
SET ROLE :owner;
DISCARD PLANS;
SET test.state = '53000';
SELECT throws_ok('SELECT herald.attach()', '53000', NULL, 'a server that has no file to spare is asked again later');
SET test.state = '58030';
SELECT throws_ok('SELECT herald.tick()', '58030', NULL, 'one that cannot read');
SET test.state = 'XX000';
SELECT throws_ok('SELECT herald.cursor_fault(2)', 'XX000', NULL, 'one that read half of what somebody was writing');
SET test.state = '0A000';
SELECT is(herald.attach(), false, 'one that will not answer is asked no more');
SELECT is((SELECT count(*) FROM herald.changes), 2::bigint, 'the log is there');

-- the log of another database, whose server said who it is
UPDATE herald.ticks SET origin = concat_ws('/', '7', '00000001', split_part(herald.origin(), '/', 3)::bigint + 1, split_part(herald.origin(), '/', 4), '1');
SELECT is(herald.cursor_fault(2), 'restored', 'another database''s log is found out where nobody may ask');
-- and that of one which had it from its own rows
UPDATE herald.ticks SET origin = concat_ws('/', '7.7', '00000001', split_part(herald.origin(), '/', 3), split_part(herald.origin(), '/', 4), '1');
SELECT is(herald.cursor_fault(2), 'restored', 'so is one whose server did not say it');
RESET ROLE;
DROP FUNCTION pg_catalog.pg_control_system();
ALTER FUNCTION pg_catalog.the_real_one() RENAME TO pg_control_system;
SELECT is(herald.cursor_fault(2), 'restored', 'and where one may');
DROP OWNED BY :owner CASCADE;
DROP ROLE :owner;
SELECT finish();
