-- Virtual generated columns, which a trigger sees as NULL: in events they stand as in the row, they route, and rules speak of them.
BEGIN;
SELECT plan(15);
SELECT :SERVER_VERSION_NUM >= 180000 AS has_them \gset
\if :has_them
-- names that the capture has for its own things, and an operator that is not for it to find
CREATE TABLE lines (id int PRIMARY KEY, key int, again int, owner text,
  total int GENERATED ALWAYS AS (key * again), "Whose" text GENERATED ALWAYS AS (upper(owner)) VIRTUAL, place oid GENERATED ALWAYS AS (tableoid),
  share int GENERATED ALWAYS AS (100 / key));
CREATE SCHEMA evil;
CREATE FUNCTION evil.times(int, int) RETURNS int LANGUAGE sql AS 'SELECT 666';
CREATE OPERATOR evil.* (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.times);
SET search_path = evil, pg_catalog, public;
SELECT herald.watch('lines', audience => '{Whose}', exclude => '{share}');
INSERT INTO lines (id, key, again, owner) VALUES (1, 2, 50, 'ann');
SELECT is(test.last() -> 'row', (SELECT to_jsonb(l) - 'share' || '{"total": 100, "Whose": "ANN"}' FROM lines l), 'an insert tells what a query shows');
SELECT is((SELECT audience FROM herald.changes), '{Whose=ANN}', 'it routes');
UPDATE lines SET again = 60;
SELECT is((test.last() -> 'row' ->> 'total', test.last() -> 'old')::text, '(120,"{""again"": 50, ""total"": 100}")', 'an update tells both values');
UPDATE lines SET owner = 'Ann';
SELECT is(test.last() -> 'changed', '["owner"]', 'and nothing of what has not changed');
UPDATE lines SET owner = 'bob';
SELECT is((SELECT string_agg(event || audience::text, ' ' ORDER BY id) FROM herald.changes WHERE id > 3), 'lines.update{Whose=BOB} left{Whose=ANN}', 'it moves the row');
UPDATE lines SET key = 0;
SELECT is((SELECT faults FROM herald.status), NULL, 'one that is excluded is not even worked out');
DELETE FROM lines;
SELECT is(test.last() -> 'old' ->> 'total', '0', 'a delete tells the last one');
SELECT herald.rule('lines', 'big', 'any', 'NEW.total > 100', 'jsonb_build_object(''total'', NEW.total, ''share'', NEW.share)');
INSERT INTO lines (id, key, again, owner) VALUES (2, 50, 2, 'ann'), (3, 50, 3, 'ann');
SELECT is(test.last(), '{"total": 150, "share": 2}', 'a rule speaks of them, of one that is excluded too');
SELECT is((SELECT count(*) FROM herald.changes WHERE event = 'big'), 1::bigint, 'and holds where it does');
INSERT INTO lines (id, key) VALUES (4, 0);
SELECT is((SELECT array_agg(event ORDER BY id) FROM herald.changes WHERE event = 'bulk'), NULL, 'nothing before the fault');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT matches(f.reason, 'division by zero', 'one that cannot be worked out fails no writer') FROM herald.faults f;

RESET search_path;
CREATE TABLE logs (id int, k int, twice int GENERATED ALWAYS AS (k * 2), PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
CREATE TABLE logs_2 (k int NOT NULL, gone text, id int NOT NULL, twice int GENERATED ALWAYS AS (k * 2));
ALTER TABLE logs_2 DROP COLUMN gone;
ALTER TABLE logs ATTACH PARTITION logs_2 FOR VALUES IN (2);
SELECT herald.watch('logs');
INSERT INTO logs VALUES (1, 1), (2, 2);
SELECT is((SELECT array_agg(row_now ->> 'twice' ORDER BY id) FROM herald.changes WHERE event = 'logs.insert'), '{2,4}', 'of partitions too, in whatever order their columns are');
UPDATE logs SET k = 3 - k;
SELECT is((SELECT array_agg(coalesce(row_now, row_was) ->> 'twice' ORDER BY id) FROM herald.changes WHERE event ~ '^logs' AND id > (SELECT max(id) - 4 FROM herald.changes)), '{2,4,4,2}', 'also where rows move');

CREATE TABLE later (id int PRIMARY KEY, k int);
SELECT herald.watch('later');
ALTER TABLE later ADD COLUMN twice int GENERATED ALWAYS AS (k * 2);
SELECT test.look();
INSERT INTO later VALUES (1, 2);
SELECT is(test.last() -> 'row', '{"id": 1, "k": 2, "twice": 4}', 'one that is added after is told when somebody has looked');
ALTER TABLE later ALTER COLUMN twice SET EXPRESSION AS (k * 3);
SELECT test.look();
UPDATE later SET k = 3;
SELECT is(test.last() -> 'row', '{"id": 1, "k": 3, "twice": 9}', 'so is another expression');
\else
SELECT skip('Virtual generated columns are of PostgreSQL 18', 15);
\endif
SELECT finish();
ROLLBACK;
