-- A change is measured where it is made, by its text and not by its jsonb: numbers of 131,072 digits take 10 bytes there, a control
-- character prints six. Beyond 16 MB nothing is kept but the length, and no writer fails.
SELECT plan(26);
CREATE TABLE forms (id int PRIMARY KEY, body jsonb, tail text);
CREATE TABLE docs (id int PRIMARY KEY, body text);
CREATE TABLE ruled (id int PRIMARY KEY, body jsonb);
SELECT herald.watch('forms'), herald.watch('docs'), herald.watch('ruled');
SELECT herald.rule('ruled', 'told', 'any', data => 'NEW.body');
-- what it is made of is stored, as a row's old values are
CREATE TABLE many AS SELECT (SELECT jsonb_agg(1e131071::numeric) FROM generate_series(1, 500)) AS huge,
  (SELECT jsonb_agg('0e-16383'::numeric) FROM generate_series(1, 2000)) AS precise, (SELECT jsonb_agg(i) FROM generate_series(1, 20000) i) AS plain;
CREATE FUNCTION test.bytes(n int DEFAULT 1) RETURNS bigint LANGUAGE sql AS $$ SELECT bytes FROM herald.changes ORDER BY id DESC OFFSET n - 1 LIMIT 1 $$;
CREATE FUNCTION test.kept() RETURNS boolean LANGUAGE sql AS $$ SELECT num_nonnulls(row_now, row_was) > 0 FROM herald.changes ORDER BY id DESC LIMIT 1 $$;

SELECT lives_ok('INSERT INTO forms SELECT 1, huge FROM many', 'numbers of 131,072 digits fail no writer');
SELECT cmp_ok(test.bytes(), '>', 16777216::bigint, 'they are known to be long');
SELECT ok(NOT test.kept(), 'and nothing of them is kept');
SELECT is(test.last(), jsonb_build_object('truncated', true, 'bytes', test.bytes()), 'psql shows what subscribers get');
INSERT INTO forms SELECT 2, jsonb_build_object('a', jsonb_build_object('b', precise)) FROM many;
SELECT ok(NOT test.kept() AND test.bytes() > 16777216, 'nor of those with 16,383 digits after the point, wherever they stand');
INSERT INTO forms SELECT 3, to_jsonb(1e131071::numeric), repeat('y', 6000);
SELECT ok(test.kept() AND test.bytes() BETWEEN 137000 AND 138000, 'a row with one of them and much else is kept, and its length noted');
INSERT INTO forms SELECT 4, plain FROM many;
SELECT ok(test.kept() AND test.bytes() BETWEEN 108000 AND 130000, 'as is one with 20,000 numbers of the usual length');
INSERT INTO forms SELECT 5, '{"a": [1, 2.50, "x"]}', repeat('y', 2000);
SELECT ok(test.kept() AND test.bytes() IS NULL, 'an ordinary row has no note');
INSERT INTO forms VALUES (6, (repeat('[', 3000) || repeat(']', 3000))::jsonb);
SELECT ok(test.kept(), 'nor does the depth of a row stand in the way');
INSERT INTO forms VALUES (7, (repeat('[0, {"a": ', 1500) || '1' || repeat('}]', 1500))::jsonb);
SELECT ok(test.kept(), 'however it is nested');
UPDATE forms SET body = (SELECT body -> 1 FROM forms WHERE id = 7) WHERE id = 6;
SELECT ok(test.kept(), 'nor that of what it was');

INSERT INTO docs VALUES (1, repeat(chr(1), 3000000));
SELECT ok(NOT test.kept() AND test.bytes() > 18000000, 'control characters are measured as they are printed');
INSERT INTO docs VALUES (2, repeat('x', 20000000));
SELECT ok(NOT test.kept() AND test.bytes() > 20000000, 'a long text is too long as it is');
INSERT INTO docs VALUES (3, repeat('x', 3000000));
SELECT ok(test.kept() AND test.bytes() BETWEEN 3000000 AND 3000100, 'one of 3 MB is kept');
UPDATE docs SET id = 4 WHERE id = 3;
SELECT ok(test.kept() AND test.bytes() BETWEEN 3000000 AND 3000100, 'and costs its reader no more when another column changes');
UPDATE docs SET body = 'x' WHERE id = 2;
SELECT ok(NOT test.kept() AND test.bytes() > 20000000, 'what a row was counts as well');
DELETE FROM docs WHERE id = 1;
SELECT ok(NOT test.kept() AND test.bytes() > 18000000, 'so does what is gone');

INSERT INTO ruled SELECT 1, huge FROM many;
SELECT is((SELECT data FROM herald.changes ORDER BY id DESC LIMIT 1), 'null', 'the data of a rule is measured too, also when it is stored compressed');
SELECT cmp_ok(test.bytes(), '>', 16777216::bigint, 'and its length kept');
SELECT lives_ok($$SELECT herald.publish('docs', 'sent', huge) FROM many$$, 'so is what an application publishes');
SELECT is((SELECT data FROM herald.changes ORDER BY id DESC LIMIT 1), 'null', 'which fails neither');

SELECT is((SELECT count(*) FROM herald.faults), 0::bigint, 'none of that is a fault');
SELECT herald.tick();
SELECT is((SELECT array_agg(r.id ORDER BY r.id) FROM herald.read(0, 0, 100000) r WHERE r.bytes > 100000),
          (SELECT array_agg(c.id ORDER BY c.id) FROM herald.changes c WHERE c.bytes > 100000), 'a reader is told the length of what it has no room for');
SELECT is((SELECT count(*) FROM herald.read(0, 0, 100000) r WHERE r.bytes > 100000 AND coalesce(r.data, r.key, r.row_now, r.row_was) IS NOT NULL), 0::bigint, 'and gets no text of it');
SELECT is((SELECT array_agg((r.id, r.bytes, octet_length(r.row_now)) ORDER BY r.id) FROM herald.replay(1, 0, 99, '{forms,docs,ruled}', NULL, NULL, NULL, NULL, NULL, 100, NULL, 4000000) r WHERE r.id > 0)::text,
          (SELECT array_agg((r.id, r.bytes, octet_length(r.row_now)) ORDER BY r.id) FROM herald.read(0, 0, 4000000) r)::text, 'who comes late is told the same');
SELECT is((SELECT array_agg(DISTINCT (r.bytes IS NOT NULL) = (coalesce(r.data, r.key, r.row_now, r.row_was) IS NULL))
             FROM (SELECT * FROM herald.read(0) UNION ALL SELECT * FROM herald.replay(1, 0, 99, '{forms,docs,ruled}', NULL, NULL, NULL, NULL, NULL, 100)
                   UNION ALL SELECT * FROM herald.replay_many(1, 0, 99, '[{"topics": ["forms", "docs", "ruled"]}]', 100)) r WHERE r.id > 0), '{t}', 'who takes any is told the length of nothing else than what was not kept');
SELECT finish();
