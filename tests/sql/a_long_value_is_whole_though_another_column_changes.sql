-- A value that is stored out of line and not touched by an UPDATE is in the event, whole, and no change.
SELECT plan(8);
CREATE TABLE docs (id int PRIMARY KEY, body text, blob bytea, n int);
ALTER TABLE docs ALTER body SET STORAGE EXTERNAL;
SELECT herald.watch('docs');
INSERT INTO docs SELECT 1, string_agg(md5(g::text), ''), decode(string_agg(md5(g::text), ''), 'hex'), 1 FROM generate_series(1, 32768) g;
SELECT is((SELECT octet_length(body) FROM docs), 1048576, 'a text of 1 MB');
SELECT ok(pg_relation_size((SELECT reltoastrelid FROM pg_class WHERE oid = 'docs'::regclass)) > 1048576, 'that is stored out of line');
UPDATE docs SET n = 2;
SELECT is((SELECT md5(row_now ->> 'body') FROM herald.changes WHERE event = 'docs.update'), (SELECT md5(body) FROM docs), 'is whole in the event of another column');
SELECT is((SELECT row_was FROM herald.changes WHERE event = 'docs.update'), '{"n": 1}', 'which keeps of the former state only what has changed');
SELECT is((SELECT herald.event_data(c) -> 'changed' FROM herald.changes c WHERE event = 'docs.update'), '["n"]', 'and has not changed');
UPDATE docs SET body = body || '', n = 2;
SELECT is(test.events(), '{docs.insert,docs.update}', 'written anew with the same text, it is no event');
UPDATE docs SET body = left(body, -1) || 'x';
SELECT is((SELECT herald.event_data(c) -> 'changed' FROM herald.changes c ORDER BY id DESC LIMIT 1), '["body"]', 'one other byte at its end is a change');
DELETE FROM docs;
SELECT is((SELECT octet_length(row_was ->> 'body') FROM herald.changes WHERE event = 'docs.delete'), 1048576, 'a delete has it whole');
SELECT finish();
