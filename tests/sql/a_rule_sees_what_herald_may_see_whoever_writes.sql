-- A rule that looks into a table with row security sees what herald's owner may see, also where the writer's session has row_security off, as
-- every script of pg_dump sets it: that would be an error of the rule else.
SELECT plan(4);
SELECT 'herald_owner_' || pg_backend_pid() AS owner \gset
CREATE ROLE :owner;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'owner') \gexec
GRANT CREATE ON SCHEMA public TO :owner;
DROP SCHEMA herald CASCADE;
CREATE TABLE public.members (name text, open boolean);
INSERT INTO public.members VALUES ('ann', true), ('eve', false);
ALTER TABLE public.members ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON public.members FOR SELECT USING (open);
GRANT SELECT ON public.members TO :owner;
CREATE FUNCTION public.names() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM public.members $$;
SET ROLE :owner;
\ir ../../sql/install.sql
SET client_min_messages = error;
CREATE TABLE public.things (id int PRIMARY KEY);
CREATE TABLE public.others (id int PRIMARY KEY);
SELECT herald.watch('public.things'), herald.watch('public.others');
SELECT herald.rule('public.things', 'made', 'insert', data => 'to_jsonb((SELECT count(*) FROM public.members))');
SELECT herald.rule('public.others', 'made', 'insert', data => 'to_jsonb(public.names())');
GRANT INSERT ON public.things, public.others TO PUBLIC;
RESET ROLE;
INSERT INTO public.things VALUES (1);
SET row_security = off;
INSERT INTO public.things VALUES (2);
INSERT INTO public.others VALUES (3);
SELECT is(current_setting('row_security'), 'off', 'the writer''s setting comes back');
RESET row_security;
SELECT is((SELECT array_agg(data ORDER BY id) FROM herald.changes WHERE event = 'made'), '{1,1,1}', 'a rule sees the same whoever writes');
SELECT is((SELECT faults FROM herald.status), NULL, 'and does not fail');
SELECT is((SELECT count(*) FROM herald.untold), 0::bigint, 'all is told');
DROP OWNED BY :owner CASCADE;
DROP ROLE :owner;
SELECT finish();
