-- herald.schema evaluates rules, and nothing is to be seen of it: no row, no id drawn, no bell, no setting; and it tells no row.
CREATE TABLE orders (id int PRIMARY KEY, kind text NOT NULL);
CREATE TABLE settings (name text PRIMARY KEY, value text);
INSERT INTO settings VALUES ('shop-of-mine', 'secret-value');
CREATE SEQUENCE numbers;
CREATE FUNCTION public.writes(n int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.settings VALUES (n, 'x'); RETURN 'written'; END $$;
CREATE FUNCTION public.rings() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('herald', ''), set_config('test.mark', 'set', false); RETURN 'rung'; END $$;
CREATE FUNCTION public.denied() RETURNS text LANGUAGE sql AS $$ SELECT 'denied' $$;
REVOKE ALL ON FUNCTION public.denied() FROM PUBLIC;
SELECT herald.watch('orders'), herald.stream('/s', '{orders}');
CREATE FUNCTION test.data(data text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM herald.unrule('orders'), herald.rule('orders', 'e', 'insert', data => data);
  RETURN herald.schema() #> '{streams,/s,events,e}';
END $$;
SELECT plan(14);
SELECT is(test.data('jsonb_build_object(''w'', public.writes(NEW.id))'), '{"description": "Not known: the rule failed with sample values (SQLSTATE 25006)."}', 'a rule that writes cannot be tried');
SELECT is((SELECT count(*) FROM settings), 1::bigint, 'and has written nothing');
SELECT is(test.data('jsonb_build_object(''n'', nextval(''public.numbers''))') ->> 'description', 'Not known: the rule failed with sample values (SQLSTATE 25006).', 'nor one that draws a number');
SELECT is((SELECT is_called FROM numbers), false, 'which is not drawn');
SELECT dblink_connect('ear', test.self());
SELECT dblink_exec('ear', 'LISTEN herald');
SELECT is(test.data('jsonb_build_object(''r'', public.rings())') #> '{properties,r}', '{"type": "string"}', 'a rule that rings is tried');
SELECT herald.unrule('orders');
SELECT test.heard('ear') AS ignored \gset
SELECT herald.rule('orders', 'e', 'insert', data => 'jsonb_build_object(''r'', public.rings())');
SELECT test.heard('ear') AS ignored \gset
SELECT herald.schema() AS ignored \gset
SELECT is(test.heard('ear'), '{}', 'and the bell does not ring');
SELECT is(coalesce(current_setting('test.mark', true), ''), '', 'no setting stays');
SELECT is(current_setting('transaction_read_only'), 'off', 'and the transaction may write again');
SELECT is((SELECT last_value FROM herald.change_id), (SELECT max(id) FROM herald.changes), 'the log''s ids are those of its changes');

SELECT is(test.data('jsonb_build_object(''shop'', (SELECT value FROM public.settings))') #> '{properties,shop}', '{"type": "string"}', 'what stands in a table is no literal');
SELECT ok(test.data('(SELECT jsonb_object_agg(name, value) FROM public.settings)')::text NOT LIKE '%shop-of-mine%', 'nor a member''s name');
SELECT ok(test.data('jsonb_build_object(''n'', (SELECT value FROM public.settings)::int)')::text NOT LIKE '%secret%', 'nor told by an error');

SELECT 'herald_reader_' || pg_backend_pid() AS reader \gset
CREATE ROLE :reader;
SELECT herald.let_daemon(:'reader');
SELECT test.data('jsonb_build_object(''d'', public.denied())') AS ignored \gset
SET ROLE :reader;
SELECT is(herald.schema() #> '{streams,/s,events,e}', '{"description": "Not known: the rule failed with sample values (SQLSTATE 42501)."}', 'what the caller may not run is not run');
RESET ROLE;
SELECT is(herald.schema() #> '{streams,/s,events,e,properties,d}', '{"type": "string"}', 'who may, may');
DROP OWNED BY :reader;
DROP ROLE :reader;
SELECT finish();
