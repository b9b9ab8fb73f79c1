-- TRUNCATE of the parent: one event, of the parent, whatever partitions go along, on whatever level.
SELECT plan(6);
CREATE TABLE logs (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
CREATE TABLE logs_rest PARTITION OF logs FOR VALUES IN (2, 3) PARTITION BY LIST (k);
CREATE TABLE logs_2 PARTITION OF logs_rest FOR VALUES IN (2);
CREATE TABLE logs_3 PARTITION OF logs_rest FOR VALUES IN (3);
SELECT herald.watch('logs');
INSERT INTO logs VALUES (1, 1), (2, 2), (3, 3);
TRUNCATE logs;
SELECT is(test.told(3), '{logs.truncate}', 'one event');
SELECT is(test.map('logs'), '[]', 'after which the map is empty, as the table is');
INSERT INTO logs VALUES (4, 1), (5, 3);
TRUNCATE logs CASCADE;
INSERT INTO logs VALUES (6, 2);
SELECT is(test.told(4), '{"logs.insert 1,4","logs.insert 3,5",logs.truncate,"logs.insert 2,6"}', 'each time');
BEGIN;
TRUNCATE logs;
INSERT INTO logs VALUES (7, 1), (8, 2);
TRUNCATE logs RESTART IDENTITY;
INSERT INTO logs VALUES (9, 3);
COMMIT;
SELECT is(test.told(8), '{logs.truncate,"logs.insert 1,7","logs.insert 2,8",logs.truncate,"logs.insert 3,9"}', 'also twice in a transaction');
SELECT is(test.map('logs'), test.rows('logs'), 'the map equals the table');
SELECT herald.rule('logs', 'made', 'insert');
SELECT cardinality(test.told()) AS before \gset
TRUNCATE logs;
SELECT is(test.told(:before), '{}', 'where the rules do not speak of it, it is none');
SELECT finish();
