-- CREATE TABLE PARTITION OF and ATTACH PARTITION after herald.watch: rows are events from then on, once each. TRUNCATE of such
-- a partition by its own name is told when the table has been watched again.
SELECT plan(7);
CREATE TABLE logs (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
SELECT herald.watch('logs');
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
CREATE TABLE logs_2 (id int, k int, PRIMARY KEY (id, k));
INSERT INTO logs_2 VALUES (2, 2);
ALTER TABLE logs ATTACH PARTITION logs_2 FOR VALUES IN (2);
SELECT is(test.told(), '{}', 'rows that a table has when it is attached are no events');
INSERT INTO logs VALUES (1, 1);
INSERT INTO logs_2 VALUES (3, 2);
UPDATE logs SET id = 4 WHERE id = 1;
DELETE FROM logs_2;
SELECT is(test.told(), '{"logs.insert 1,1","logs.insert 2,3","logs.update 1,4","logs.delete 2,2","logs.delete 2,3"}', 'its changes are, once each');
CREATE TABLE logs_rest PARTITION OF logs DEFAULT PARTITION BY LIST (k);
CREATE TABLE logs_3 PARTITION OF logs_rest FOR VALUES IN (3);
INSERT INTO logs_3 VALUES (5, 3);
SELECT is(test.told(5), '{"logs.insert 3,5"}', 'also those of partitions below partitions');
SELECT is(test.map('logs'), test.rows('logs'), 'the map equals the table');
TRUNCATE logs;
SELECT is(test.told(6), '{logs.truncate}', 'and go with the table in one event');

SELECT herald.watch('logs');
TRUNCATE logs_2;
TRUNCATE logs_3;
SELECT is(test.told(7), '{bulk,bulk}', 'watched again, their own TRUNCATE is told');
INSERT INTO logs VALUES (6, 2);
SELECT is(test.told(9), '{"logs.insert 2,6"}', 'and their rows as before');
SELECT finish();
