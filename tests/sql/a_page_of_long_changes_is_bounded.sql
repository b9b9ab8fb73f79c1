-- A page of what somebody missed has at most so many changes, and these may be long. The server prints 4 MB of long ones and no more:
-- the others are for the next page.
SELECT plan(9);
CREATE TABLE docs (id int PRIMARY KEY, body text);
SELECT herald.watch('docs');
INSERT INTO docs SELECT i, repeat('x', 1000000) FROM generate_series(1, 12) i;
INSERT INTO docs SELECT i, 'short' FROM generate_series(13, 14) i;
INSERT INTO docs SELECT i, repeat('x', 20000000) FROM generate_series(15, 20) i;
INSERT INTO docs SELECT 21, 'short';
SELECT herald.tick();
CREATE TEMP TABLE changed AS SELECT row_number() OVER (ORDER BY id)::int AS n, id FROM herald.changes;
CREATE FUNCTION pg_temp.page(after bigint, most int DEFAULT 100) RETURNS TABLE (id bigint, topic text, event text, audience text[], row_now text, bytes bigint) LANGUAGE sql AS $$
  SELECT id, topic, event, audience, row_now, bytes FROM herald.replay(2, after, 99, '{docs}', NULL, NULL, NULL, NULL, NULL, most) WHERE id > 0
$$;
CREATE FUNCTION pg_temp.id(n int) RETURNS bigint LANGUAGE sql AS $$ SELECT id FROM changed WHERE changed.n = id.n $$;

SELECT is((SELECT array_agg(c.n ORDER BY p.id) FROM pg_temp.page(0) p JOIN changed c USING (id) WHERE p.topic IS NOT NULL), '{1,2,3,4,5}', 'a page has 4 MB of long changes');
SELECT is((SELECT count(*) FROM pg_temp.page(0) WHERE topic IS NULL AND num_nonnulls(event, audience, row_now) = 0), 16::bigint, 'of the others nothing comes but their ids');
SELECT is((SELECT array_agg(octet_length(row_now) > 1000000) FROM pg_temp.page(0) WHERE topic IS NOT NULL), '{t,t,t,t,t}', 'what is in it is whole');
SELECT is((SELECT array_agg(c.n ORDER BY p.id) FROM pg_temp.page(pg_temp.id(5)) p JOIN changed c USING (id) WHERE p.topic IS NOT NULL), '{6,7,8,9,10}', 'the next page goes on there');
SELECT is((SELECT array_agg(c.n ORDER BY p.id) FROM pg_temp.page(pg_temp.id(10)) p JOIN changed c USING (id) WHERE p.topic IS NOT NULL), '{11,12,13,14,15,16,17,18,19,20,21}', 'short changes count for nothing, nor what is not told');
SELECT is((SELECT array_agg(c.n ORDER BY p.id) FROM pg_temp.page(pg_temp.id(3), 1) p JOIN changed c USING (id) WHERE p.topic IS NOT NULL), '{4}', 'a page has one change at least');
SELECT is((SELECT array_agg(r.id ORDER BY r.id) FROM herald.replay(1, 0, 99, '{docs}', NULL, NULL, NULL, NULL, NULL, 100) r WHERE r.id > 0 AND r.topic IS NOT NULL),
          (SELECT array_agg(id ORDER BY id) FROM changed WHERE n <= 5), 'the same where the page begins with a later tick');
SELECT is((SELECT array_agg(r.id ORDER BY r.id) FROM herald.replay_many(1, 0, 99, '[{"topics": ["docs"]}, {"topics": ["others"]}]', 100) r WHERE r.id > 0 AND r.topic IS NOT NULL),
          (SELECT array_agg(id ORDER BY id) FROM changed WHERE n <= 5), 'and for several streams');
SELECT is((SELECT count(*) FROM herald.read(0) r WHERE r.topic IS NOT NULL), 21::bigint, 'the ticker reads all, because it reads each change once');
SELECT finish();
