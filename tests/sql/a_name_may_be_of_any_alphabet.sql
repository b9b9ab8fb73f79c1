-- Names and values of other alphabets, of 63 bytes that are fewer characters, and those that look like numbers or nothing.
BEGIN;
SELECT plan(8);
CREATE SCHEMA "схема";
CREATE TABLE "схема"."Größe 表 🙂" ("ключ" int PRIMARY KEY, "名前" text, "é" text);
SELECT lives_ok($$SELECT herald.watch('"схема"."Größe 表 🙂"', audience => '{名前}')$$, 'a table of four alphabets is watched');
INSERT INTO "схема"."Größe 表 🙂" VALUES (1, '猫', E'e\u0301');
SELECT is((SELECT topic || ' ' || event FROM herald.changes), 'Größe 表 🙂 Größe 表 🙂.insert', 'its name is its topic');
SELECT is((SELECT audience FROM herald.changes), '{名前=猫}', 'its columns route');
SELECT is(test.last(), jsonb_build_object('op', 'insert', 'table', 'схема.Größe 表 🙂', 'key', '{"ключ": 1}'::jsonb, 'old', null, 'changed', '[]'::jsonb,
  'row', jsonb_build_object('ключ', 1, '名前', '猫', 'é', E'e\u0301')), 'and are told as they are written');
UPDATE "схема"."Größe 表 🙂" SET "é" = E'\u00e9';
SELECT is(test.last() -> 'changed', '["é"]', 'what looks the same and is written otherwise is a change');

SELECT format('CREATE TABLE %I (id int PRIMARY KEY, %I text)', repeat('я', 31) || 'x', repeat('字', 21)) \gexec
SELECT lives_ok(format('SELECT herald.watch(%L, audience => ARRAY[repeat(''字'', 21)])', repeat('я', 31) || 'x'), 'a name of 63 bytes and 32 characters');
SELECT format('INSERT INTO %I VALUES (1, ''v'')', repeat('я', 31) || 'x') \gexec
SELECT is((SELECT audience[1] FROM herald.changes ORDER BY id DESC LIMIT 1), repeat('字', 21) || '=v', 'routes too');
CREATE TABLE "1" ("2" int PRIMARY KEY, " " text);
SELECT herald.watch('"1"', audience => '{" "}');
INSERT INTO "1" VALUES (3, '');
SELECT is((SELECT (topic, audience, key)::text FROM herald.changes ORDER BY id DESC LIMIT 1), $$(1,"{"" =""}","{""2"": 3}")$$, 'a number and a blank are names');
SELECT finish();
ROLLBACK;
