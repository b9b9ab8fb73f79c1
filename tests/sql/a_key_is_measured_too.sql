-- A key may be of JSON, or hold numbers of any length. Where it is not told with the row, or in `left`, it is measured by itself.
SELECT plan(10);
CREATE TABLE docs (body jsonb PRIMARY KEY, owner text, n int);
CREATE TABLE listed (body jsonb PRIMARY KEY, owner text, n int);
CREATE TABLE plain (id text PRIMARY KEY, owner text);
SELECT herald.watch('docs', audience => '{owner}'), herald.watch('listed', columns => '{n}'), herald.watch('plain', audience => '{owner}');
CREATE TABLE made AS SELECT (SELECT jsonb_agg(1e131071::numeric) FROM generate_series(1, 500)) AS huge;
-- test.note(back): what is noted of the change before so many others, and what subscribers get
CREATE FUNCTION test.note(back int DEFAULT 1) RETURNS text LANGUAGE sql AS $$
  SELECT event || ' ' || CASE WHEN abs(bytes) > 16777216 THEN 'too long' WHEN bytes < 0 THEN 'far too long' WHEN bytes > 0 THEN 'long' ELSE 'short' END
         || ' ' || CASE WHEN herald.event_data(c) ? 'truncated' THEN 'truncated' ELSE 'told' END
    FROM herald.changes c ORDER BY id DESC OFFSET back - 1 LIMIT 1
$$;

INSERT INTO listed SELECT huge, 'ann', 1 FROM made;
SELECT is(test.note(), 'listed.insert too long truncated', 'a key that is not told with the row is measured');
INSERT INTO listed VALUES ('1e131071', 'ann', 1);
SELECT is(test.note(), 'listed.insert far too long truncated', 'by what it prints');
INSERT INTO listed VALUES (to_jsonb(repeat('y', 70000)), 'ann', 1);
SELECT is(test.note(), 'listed.insert long told', 'its length is noted');
INSERT INTO listed VALUES ('[1, 2.50]', 'ann', 1);
SELECT is(test.note(), 'listed.insert short told', 'a short one has no note');

INSERT INTO docs SELECT huge, 'ann', 1 FROM made;
UPDATE docs SET owner = 'bob';
SELECT is(test.note(), 'left too long truncated', 'the key in `left` is measured');
UPDATE docs SET body = '1e131071';
UPDATE docs SET owner = 'ann';
SELECT is(test.note(), 'left far too long truncated', 'by what it prints');
UPDATE docs SET body = '7';
UPDATE docs SET owner = 'bob';
SELECT is(test.last(), '{"topic": "docs", "key": {"body": 7}}', 'a short one is told');
SELECT is((SELECT count(*) FROM pg_proc p WHERE p.proname ~ '^capture_' AND p.prosrc ~ 'left_bytes|bounded_key' AND p.prosrc ~ 'public[.]?plain'), 0::bigint, 'a key of text costs no writer a measure');
SELECT herald.tick();
SELECT is((SELECT count(*) FROM herald.read(0) r WHERE octet_length(r.key) > 100000 OR octet_length(r.data) > 100000), 0::bigint, 'nothing of that is printed');
SELECT is((SELECT count(*) FROM herald.faults), 0::bigint, 'none of that is a fault');
SELECT finish();
