-- A change that the server cannot hand out, here text of more than 1 GB as an older version has left it in the log, is noted by
-- who found out: then nobody tries any more, and nothing of it is told but its topic.
SELECT plan(13);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
INSERT INTO herald.changes (topic, event, audience, data, row_now) SELECT 'things', 'things.insert', '{secret=1}', '{"op": "insert"}', jsonb_agg(1e131071::numeric) FROM generate_series(1, 9000);
INSERT INTO things VALUES (3);
SELECT herald.tick();
SELECT max(id) - 1 AS bad FROM herald.changes \gset
SELECT is((SELECT array_agg(id - :bad) FROM herald.read(0, 0, 1000, 1)), '{-1}', 'one change at a time: the one in front of it');
SELECT is((SELECT (id - :bad, topic, event, audience, data, bytes)::text FROM herald.read(2, :bad - 1, -1, 1)), '(0,things,,,,-1)', 'without its data it can be read');
SELECT is((SELECT array_agg(id - :bad) FROM herald.read(2, :bad, 1000, 1)), '{1}', 'and the one after it as well');
SELECT is((SELECT (id - :bad, topic, event, audience, data, bytes)::text FROM herald.replay(2, :bad - 1, 99, '{things}', NULL, NULL, NULL, NULL, NULL, 1, NULL, -1) WHERE id > 0),
          '(0,things,,,,-1)', 'also by who comes late');
SELECT is((SELECT (id - :bad, topic, event, audience, data, bytes)::text FROM herald.replay_many(2, :bad - 1, 99, '[{"topics": ["things"]}]', 1, -1) WHERE id > 0),
          '(0,things,,,,-1)', 'and by who has several streams');
SELECT is(herald.pass_by(2, :bad, 'out of memory'), format('topic ''things'' (table public.things), transaction %s', (SELECT xid FROM herald.changes WHERE id = :bad)), 'it says whose it is');
SELECT is(herald.pass_by(2, :bad, 'again') IS NOT NULL, true, 'also to the second one who found out');
SELECT is((SELECT (change - :bad, tick, topic, reason)::text FROM herald.unreadable), '(0,2,things,"out of memory")', 'and is noted');
SELECT is((SELECT unreadable FROM herald.status), 1::bigint, 'for operators');
SELECT is((SELECT array_agg((id - :bad, coalesce(bytes, 0)) ORDER BY id) FROM herald.read(0, 0, 1000))::text, '{"(-1,0)","(0,-1)","(1,0)"}', 'now the whole log can be read');
SELECT is((SELECT array_agg((id - :bad, coalesce(bytes, 0)) ORDER BY id) FROM herald.replay(1, 0, 99, '{things}', NULL, NULL, NULL, NULL, NULL, 10, NULL, 1000) WHERE id > 0)::text,
          '{"(-1,0)","(0,-1)","(1,0)"}', 'by everybody');
INSERT INTO things VALUES (4);
SELECT herald.tick();
SELECT cmp_ok(herald.prune('0 s'), '>', 0::bigint, 'the log is pruned');
SELECT is((SELECT count(*) FROM herald.unreadable), 0::bigint, 'and the note goes with it');
SELECT finish();
