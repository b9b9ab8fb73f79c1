-- herald.watch had five arguments until version 17. A role that might call it may call the one with six.
SELECT plan(4);
SELECT 'herald_admin_' || pg_backend_pid() AS admin \gset
CREATE ROLE :admin;
DROP FUNCTION herald.watch(regclass, text, text[], text[], text[], text);
CREATE FUNCTION herald.watch(target regclass, topic text DEFAULT NULL, audience text[] DEFAULT NULL, columns text[] DEFAULT NULL, exclude text[] DEFAULT NULL) RETURNS void
  LANGUAGE sql AS '';
GRANT EXECUTE ON FUNCTION herald.watch TO :admin;
\ir ../../sql/install.sql
SET client_min_messages = warning;
SELECT is((SELECT array_agg(oid::regprocedure::text) FROM pg_proc WHERE pronamespace = 'herald'::regnamespace AND proname = 'watch'),
  '{"herald.watch(regclass,text,text[],text[],text[],text)"}', 'one of them is left');
SELECT ok(has_function_privilege(:'admin', 'herald.watch(regclass,text,text[],text[],text[],text)', 'EXECUTE'), 'and the role may call it');
SELECT ok(NOT has_function_privilege(:'admin', 'herald.unwatch(regclass)', 'EXECUTE'), 'and no other one');
CREATE TABLE things (id int PRIMARY KEY);
SELECT lives_ok($$SELECT herald.watch('things', NULL, '{id}', NULL, '{}')$$, 'a call of the older kind works');
REVOKE ALL ON FUNCTION herald.watch FROM :admin;
DROP ROLE :admin;
SELECT finish();
