-- A document may be nested deeper than the measure takes apart level by level. Its numbers are measured all the same, and no reader
-- prints it to find out.
SELECT plan(12);
CREATE TABLE docs (id int PRIMARY KEY, body jsonb);
SELECT herald.watch('docs');
-- test.deep(levels, inner): arrays in one another
CREATE FUNCTION test.deep(levels int, inner_text text) RETURNS jsonb LANGUAGE sql AS $$ SELECT (repeat('[', levels) || inner_text || repeat(']', levels))::jsonb $$;
CREATE FUNCTION test.list(what text, n int) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(what, ',') FROM generate_series(1, n) $$;
CREATE FUNCTION test.bytes() RETURNS bigint LANGUAGE sql AS $$ SELECT bytes FROM herald.changes ORDER BY id DESC LIMIT 1 $$;
CREATE FUNCTION test.kept() RETURNS boolean LANGUAGE sql AS $$ SELECT row_now IS NOT NULL FROM herald.changes ORDER BY id DESC LIMIT 1 $$;

SELECT lives_ok($$INSERT INTO docs VALUES (1, test.deep(60, test.list('1e131071', 9500)))$$, 'a document that would print more than 1 GB fails no writer');
SELECT ok(NOT test.kept() AND test.bytes() > 16777216, 'and is not kept');
INSERT INTO docs VALUES (2, test.deep(60, test.list('1e131071', 6000) || ',"' || repeat('x', 40000) || '"'));
SELECT ok(NOT test.kept() AND test.bytes() > 16777216, 'nor is one that would print just less');
INSERT INTO docs VALUES (3, test.deep(3000, test.list('{"a": [0e-16383]}', 1200)));
SELECT ok(NOT test.kept() AND test.bytes() > 16777216, 'however deep the numbers are, and whatever they are in');
INSERT INTO docs VALUES (4, test.deep(60, test.list('"' || repeat('\u0001', 1000) || '"', 3500)));
SELECT ok(NOT test.kept() AND test.bytes() > 16777216, 'control characters are measured there as they are printed');
INSERT INTO docs SELECT 5, test.deep(60, '{' || string_agg(format('"%s%s":1', i, repeat('\u0001', 1000)), ',') || '}') FROM generate_series(1, 3500) i;
SELECT ok(NOT test.kept() AND test.bytes() > 16777216, 'in names as well');
INSERT INTO docs SELECT 6, ('{' || string_agg(format('"%s%s":1', i, repeat('\u0001', 1000)), ',') || '}')::jsonb FROM generate_series(1, 3500) i;
SELECT ok(NOT test.kept() AND test.bytes() > 16777216, 'and in names of the first level');
INSERT INTO docs VALUES (7, test.deep(60, test.list('1.25', 200000)));
SELECT ok(test.kept() AND test.bytes() BETWEEN 1000000 AND 1300000, 'an ordinary document is kept, and its length is right');
INSERT INTO docs VALUES (8, test.deep(60, test.list('"some words of a text"', 1000)));
SELECT ok(test.kept() AND test.bytes() IS NULL, 'a short one has no note');
SELECT lives_ok($$INSERT INTO docs VALUES (9, test.deep(11500, test.list('1e131071', 9500)))$$, 'a depth that no path can follow fails no writer');
SELECT ok(NOT test.kept() AND test.bytes() > 16777216, 'and counts as too long');
SELECT is((SELECT count(*) FROM herald.faults), 0::bigint, 'none of that is a fault');
SELECT finish();
