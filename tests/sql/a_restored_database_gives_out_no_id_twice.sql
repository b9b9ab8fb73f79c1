-- After a promotion or a restore (here: a tick made by another origin) tick ids jump, and old cursors are found out.
SELECT plan(30);
CREATE TABLE things (id int);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
SELECT herald.tick();
INSERT INTO things VALUES (2);
SELECT herald.tick();
SELECT is((SELECT tick FROM herald.head()), 3::bigint, 'three ticks are made');
CREATE FUNCTION origin_part(origin text, n int, value text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(CASE WHEN i = n THEN value ELSE part END, '/' ORDER BY i) FROM string_to_table(origin, '/') WITH ORDINALITY p(part, i) $$;

-- The same cluster on another timeline: stored transaction ids still mean what they did.
UPDATE herald.ticks SET origin = origin_part(origin, 2, 'FFFFFFFF');
INSERT INTO things VALUES (3);
SELECT is(herald.cursor_fault(4), 'restored', 'a cursor ahead of the head is found out before the first tick');
SELECT is(herald.cursor_fault(3), NULL, 'one that both histories know is not');
SELECT is(herald.attach(), false, 'a daemon comes');
SELECT tick AS jumped FROM herald.head() \gset
SELECT ok(:jumped > 4096 * 1000 * extract(epoch FROM now() - '2020-01-02'), 'tick ids have jumped far ahead');
SELECT ok(:jumped < 2 ^ 53, 'and are exact in a JavaScript number');
SELECT is(herald.tick(), :jumped + 1, 'the changes of before are in the tick after');
SELECT is(test.delivered(0), '{things.insert,things.insert,things.insert}', 'the log stays as it is');
SELECT is(test.delivered(3), '{things.insert}', 'a cursor that both histories know goes on');
SELECT is(herald.cursor_fault(3), NULL, 'and is no fault');
SELECT is(herald.cursor_fault(4), 'restored', 'one that only the lost history gave out says restored');
SELECT is(herald.cursor_fault(:jumped + 2), 'unknown', 'one ahead of the head says unknown');
INSERT INTO things VALUES (4);
SELECT is(herald.tick(), :jumped + 2, 'the next tick goes on from there');

-- Gone back to the same state once more: another jump, to where no other one has been.
DELETE FROM herald.ticks WHERE id > 3;
SELECT herald.attach();
SELECT ok((SELECT tick FROM herald.head()) > :jumped + 2, 'a second jump from the same tick goes further');
SELECT is(herald.cursor_fault(:jumped + 1), 'restored', 'cursors of the first attempt say restored');

-- A day later what was before the jump is too old, and no more than that.
INSERT INTO things VALUES (5);
SELECT herald.tick();
UPDATE herald.ticks SET at = at - interval '2 days' WHERE id < (SELECT max(id) FROM herald.ticks);
SELECT herald.prune();
SELECT is((SELECT since::text FROM herald.ticks ORDER BY id LIMIT 1), (SELECT snapshot::text FROM herald.ticks ORDER BY id LIMIT 1), 'the log begins with the jump');
SELECT is(herald.cursor_fault(2), 'expired', 'cursors of before are expired');

-- Each part counts; and one whose clock is behind jumps all the same.
SELECT is((SELECT count(DISTINCT part) FROM string_to_table(herald.origin(), '/') part), 5::bigint, 'an origin has five parts');
SELECT tick + 2::bigint ^ 50 AS ahead FROM herald.head() \gset
UPDATE herald.ticks SET id = :ahead WHERE id = (SELECT max(id) FROM herald.ticks);
UPDATE herald.ticks SET origin = origin_part(origin, 5, '0') WHERE id = :ahead;
SELECT herald.attach();
SELECT is((SELECT tick FROM herald.head()), (:ahead + 2 ^ 32)::bigint, 'from an id ahead of the clock it is 2^32');

-- Another cluster: a dump was restored; its transaction ids mean nothing here.
SELECT tick AS last FROM herald.head() \gset
UPDATE herald.ticks SET origin = origin_part(origin, 1, '1');
UPDATE herald.extents SET tables = '{1}'; -- what the table was there
INSERT INTO things VALUES (5);
SELECT is(herald.cursor_fault(:last), 'restored', 'the last cursor of the dump is found out before the first tick');
SELECT is(herald.cursor_fault(3), 'restored', 'and all others');
SELECT is((SELECT event FROM herald.replay(3, 0, :last, '{things}', NULL, NULL, NULL, NULL, NULL, 10)), 'restored', 'nothing of it is read');
SELECT herald.tick();
SELECT ok((SELECT min(id) FROM herald.ticks) > :last, 'in another cluster ids jump again');
SELECT is(test.delivered(0), '{}', 'nothing of before is delivered');
SELECT is((SELECT count(*) FROM herald.changes), 0::bigint, 'and the log is emptied');
SELECT is(herald.cursor_fault(:last), 'restored', 'cursors of before say restored');
SELECT is(herald.cursor_fault(3), 'restored', 'all of them');
SELECT is(test.look(), false, 'tables of other oids are no news, since all are reset');
INSERT INTO things VALUES (6);
SELECT is(herald.tick(), (SELECT min(id) + 1 FROM herald.ticks), 'and it goes on');
SELECT is(test.delivered(0), '{things.insert}', 'with what is new');
SELECT finish();
