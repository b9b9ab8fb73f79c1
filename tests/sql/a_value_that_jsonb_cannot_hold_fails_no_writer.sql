-- json may hold an escaped NUL, which jsonb refuses: the writer goes on, and clients are told to fetch anew.
SELECT plan(5);
CREATE TABLE things (id int PRIMARY KEY, doc json, note text);
SELECT herald.watch('things');
SELECT lives_ok($$INSERT INTO things VALUES (1, '{"a": "\u0000"}')$$, 'the row is written');
SELECT test.tell();
SELECT is(test.events(), '{bulk}', 'and told as a bulk event');
SELECT is((SELECT faults ->> 'things' FROM herald.status), 'unsupported Unicode escape sequence', 'the reason is in herald.status');
INSERT INTO things VALUES (2, '{"a": "\u0001"}');
SELECT is(test.last() -> 'row' -> 'doc', '{"a": "\u0001"}', 'other rows are told as ever');
SELECT lives_ok($$UPDATE things SET doc = NULL WHERE id = 1$$, 'the row can be mended');
SELECT finish();
