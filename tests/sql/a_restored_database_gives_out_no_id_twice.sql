-- After a promotion or a restore (here: a tick made by another origin) tick ids jump, and old cursors are found out.
SELECT plan(14);
CREATE TABLE things (id int);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
SELECT herald.tick();
INSERT INTO things VALUES (2);
SELECT herald.tick();
SELECT is((SELECT tick FROM herald.head()), 3::bigint, 'three ticks are made');

-- The same cluster on another timeline: stored transaction ids still mean what they did.
UPDATE herald.ticks SET origin = split_part(origin, '/', 1) || '/FFFFFFFF' WHERE id = 3;
INSERT INTO things VALUES (3);
SELECT is(herald.tick(), 4294967297, 'the tick after a change of timeline has an id far ahead');
SELECT is(test.delivered(0), '{things.insert,things.insert,things.insert}', 'the log stays as it is');
SELECT is(test.delivered(3), '{things.insert}', 'a cursor that both histories know goes on');
SELECT is(herald.cursor_fault(3), NULL, 'and is no fault');
SELECT is(herald.cursor_fault(4), 'restored', 'one that only the lost history gave out says restored');
SELECT is(herald.cursor_fault(4294967298), 'unknown', 'one ahead of the head says unknown');
INSERT INTO things VALUES (4);
SELECT is(herald.tick(), 4294967298, 'the next tick goes on from there');

-- Another cluster: a dump was restored; its transaction ids mean nothing here.
UPDATE herald.ticks SET origin = '1/00000001' WHERE id = 4294967298;
INSERT INTO things VALUES (5);
SELECT herald.tick();
SELECT is((SELECT min(id) FROM herald.ticks), 8589934592, 'in another cluster ids jump again');
SELECT is(test.delivered(0), '{}', 'nothing of before is delivered');
SELECT is((SELECT count(*) FROM herald.changes), 0::bigint, 'and the log is emptied');
SELECT is(herald.cursor_fault(4294967298), 'restored', 'cursors of before say restored');
SELECT is(herald.cursor_fault(3), 'restored', 'all of them');
INSERT INTO things VALUES (6);
SELECT is(herald.tick(), 8589934593, 'and it goes on');
SELECT finish();
