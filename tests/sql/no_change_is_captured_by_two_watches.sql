-- A watched table cannot become a partition of a watched one, nor can a table be watched whose partition is: each change is
-- an event of one topic, and no topic falls silent without a word.
SELECT plan(10);
CREATE TABLE logs (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1) PARTITION BY LIST (id);
CREATE TABLE logs_1_1 PARTITION OF logs_1 FOR VALUES IN (1);
CREATE TABLE logs_2 (id int, k int, PRIMARY KEY (id, k));
SELECT herald.watch('logs_1_1', topic => 'one'), herald.watch('logs_2', topic => 'two');
SELECT throws_ok($$SELECT herald.watch('logs')$$, '42809',
  'pgherald: cannot watch ''public.logs'': it has a partition that is watched itself: unwatch that first', 'a table with a watched partition is refused');
INSERT INTO logs VALUES (1, 1);
SELECT is(test.told(), '{"one.insert 1,1"}', 'the partition goes on as before');
SELECT herald.unwatch('logs_1_1');
SELECT herald.watch('logs');
SELECT throws_ok($$SELECT herald.watch('logs_1_1')$$, '42809',
  'pgherald: cannot watch ''public.logs_1_1'': it is a partition of a watched table: its changes are events already', 'a partition of a watched table is refused');
SELECT throws_like($$SELECT herald.watch('logs_1')$$, '%it is a partition of a watched table%', 'on every level');
INSERT INTO logs VALUES (1, 1) ON CONFLICT (id, k) DO UPDATE SET id = 1;
UPDATE logs_1_1 SET k = 1;
SELECT is(test.told(1), '{}', 'nothing of the refused is left behind');

SELECT throws_ok('ALTER TABLE logs ATTACH PARTITION logs_2 FOR VALUES IN (2)', '42710', NULL, 'a watched table is not attached to a watched one');
INSERT INTO logs_2 VALUES (2, 2);
SELECT is(test.told(1), '{"two.insert 2,2"}', 'its changes are its own events, once');
SELECT herald.unwatch('logs_2');
SELECT lives_ok('ALTER TABLE logs ATTACH PARTITION logs_2 FOR VALUES IN (2)', 'unwatched, it is');
INSERT INTO logs_2 VALUES (3, 2);
INSERT INTO logs VALUES (4, 2);
SELECT is(test.told(2), '{"logs.insert 2,3","logs.insert 2,4"}', 'and its changes are the parent''s events, once');
CREATE TABLE plain (id int, k int) PARTITION BY LIST (k);
CREATE TABLE plain_1 (id int, k int);
SELECT herald.watch('plain_1');
ALTER TABLE plain ATTACH PARTITION plain_1 FOR VALUES IN (1);
INSERT INTO plain VALUES (1, 1);
SELECT is(test.told(4), '{plain_1.insert}', 'a watched table may be a partition of one that is not watched');
SELECT finish();
