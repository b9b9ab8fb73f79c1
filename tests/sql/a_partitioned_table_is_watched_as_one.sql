-- Watching the parent watches all partitions, also those made later; a row that changes its partition is delivered.
BEGIN;
SELECT plan(7);
CREATE TABLE logs (id int, day date, note text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE logs_2024 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT lives_ok($$SELECT herald.watch('logs')$$, 'a partitioned table is watched');

INSERT INTO logs VALUES (1, '2024-05-01', 'a');
SELECT is(test.last() -> 'row' ->> 'note', 'a', 'a row written by way of the parent is an event');
INSERT INTO logs_2024 VALUES (2, '2024-05-02', 'b');
SELECT is(test.last() -> 'row' ->> 'note', 'b', 'a row written by way of the partition is one');
SELECT is(test.events(), '{logs.insert,logs.insert}', 'both on the topic of the parent');

CREATE TABLE logs_2025 PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO logs VALUES (3, '2025-05-01', 'c');
SELECT is(test.last() ->> 'key', '{"id": 3, "day": "2025-05-01"}', 'a partition made later is watched too');

UPDATE logs SET day = '2025-06-01' WHERE id = 1;
SELECT is((test.events())[4:], '{logs.delete,logs.insert}', 'a row that moves between partitions goes and comes');

UPDATE logs SET note = 'd' WHERE id = 3;
SELECT is(test.last() -> 'changed', '["note"]', 'an update within a partition is an update');
SELECT finish();
ROLLBACK;
