-- Quoted, reserved, mixed-case and longest names of schemas, tables and columns, and the same table name in two schemas.
BEGIN;
SELECT plan(13);
CREATE SCHEMA "Odd ""Schema';--";
CREATE TABLE "Odd ""Schema';--"."Select 'x' ""y""; %s %I" ("Id %L" int PRIMARY KEY, "user" text, "it's ""q""" text);
SELECT lives_ok($$SELECT herald.watch('"Odd ""Schema'';--"."Select ''x'' ""y""; %s %I"', audience => '{user,"it''s \"q\""}')$$,
  'a table of quotes, blanks and percent signs is watched');
INSERT INTO "Odd ""Schema';--"."Select 'x' ""y""; %s %I" VALUES (1, 'ann', 'v');
SELECT is((SELECT topic FROM herald.changes), $$Select 'x' "y"; %s %I$$, 'its name is its topic');
SELECT is((SELECT audience FROM herald.changes), ARRAY['user=ann', $$it's "q"=v$$], 'its routing columns are');
SELECT is(test.last() -> 'key', '{"Id %L": 1}', 'its key is');

CREATE TABLE "order" ("select" int PRIMARY KEY, "table" text);
SELECT herald.watch('"order"', audience => '{table}');
SELECT herald.rule('"order"', 'chosen', 'insert', 'NEW."select" > 0', 'jsonb_build_object(''table'', NEW."table")');
INSERT INTO "order" VALUES (7, 'x');
SELECT is(test.last(), '{"table": "x"}', 'reserved words are names too');

CREATE TABLE "UPPERlower" (id int);
SELECT herald.watch('"UPPERlower"');
INSERT INTO "UPPERlower" VALUES (1);
SELECT is(test.last() ->> 'table', 'public.UPPERlower', 'mixed case stays as it is');

SELECT format('CREATE TABLE %I (%I int PRIMARY KEY)', repeat('t', 63), repeat('c', 63)) \gexec
SELECT lives_ok(format('SELECT herald.watch(%L, audience => ARRAY[repeat(''c'', 63)])', repeat('t', 63)), 'a table of 63 bytes is watched');
SELECT lives_ok(format('INSERT INTO %I VALUES (1)', repeat('t', 63)), 'and written to');
SELECT is((SELECT audience[1] FROM herald.changes ORDER BY id DESC LIMIT 1), repeat('c', 63) || '=1', 'a column of 63 bytes routes');

CREATE SCHEMA one; CREATE TABLE one.things (id int);
CREATE SCHEMA two; CREATE TABLE two.things (id int);
SELECT herald.watch('one.things'), herald.watch('two.things', topic => 'other');
INSERT INTO one.things VALUES (1);
INSERT INTO two.things VALUES (2);
SELECT is(test.last(2) ->> 'table', 'one.things', 'two schemas may have a table of the same name');
SELECT is(test.last(1) ->> 'table', 'two.things', 'and each is itself');

CREATE TABLE lined (id int PRIMARY KEY);
SELECT herald.watch('lined');
SELECT format('ALTER TABLE lined RENAME TO %I', E'two\nlines\r; of it') \gexec
SELECT test.look();
SELECT is((SELECT faults FROM herald.status), NULL, 'a name may have lines');
SELECT format('INSERT INTO %I VALUES (1)', E'two\nlines\r; of it') \gexec
SELECT is(test.last() ->> 'table', E'public.two\nlines\r; of it', 'and be told');
SELECT finish();
ROLLBACK;
