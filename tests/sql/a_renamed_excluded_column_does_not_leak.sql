-- exclude goes by name: when the column has another one, its value must not slip into the log.
SELECT plan(4);
CREATE TABLE public.users (id int PRIMARY KEY, name text, pw text);
SELECT herald.watch('public.users', exclude => '{pw}');
ALTER TABLE public.users RENAME COLUMN pw TO password;
SELECT lives_ok($$INSERT INTO public.users VALUES (1, 'ann', 'hush')$$, 'the writer is not failed');
SELECT is((SELECT count(*) FROM herald.changes c WHERE c::text LIKE '%hush%'), 0::bigint, 'the value is not in the log');
SELECT test.tell();
SELECT is((SELECT array_agg(event) FROM herald.changes), '{bulk}', 'clients are told to fetch anew');
SELECT matches((SELECT faults::text FROM herald.status), 'excluded column', 'and the operator why');
SELECT * FROM finish();
