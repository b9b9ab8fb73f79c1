-- DDL gives rows other values, or changes them while a partition is detached, and no trigger sees it. The ticker's look tells it once: `bulk`, to
-- everyone on the topic. DDL that leaves all values as they were tells none.
SELECT plan(45);
-- writes_later_columns(): does ALTER TYPE write the catalog rows of the columns after it anew? The
-- releases of November 2026 do, as 17.12.
CREATE FUNCTION writes_later_columns() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  before text;
BEGIN
  CREATE TEMP TABLE probe (one int, two int);
  before := (SELECT ctid::text FROM pg_attribute WHERE attrelid = 'probe'::regclass AND attname = 'two');
  ALTER TABLE probe ALTER one TYPE int USING one + 1;
  RETURN before <> (SELECT ctid::text FROM pg_attribute WHERE attrelid = 'probe'::regclass AND attname = 'two');
END $$;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TYPE pair AS (one mood, two int);
CREATE DOMAIN moods AS mood[];
CREATE TABLE things (id int PRIMARY KEY, owner int, price numeric, note text, feels mood, pairs pair[], all_moods moods, twice int GENERATED ALWAYS AS (owner * 2) STORED, remark text);
INSERT INTO things VALUES (1, 7, 10, 'n', 'good', '{"(good,1)"}', '{bad}');
SELECT herald.watch('things', audience => '{owner}', exclude => '{note,remark}');
CREATE TABLE logs (id int, k int, v int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
CREATE TABLE logs_2 PARTITION OF logs FOR VALUES IN (2) PARTITION BY LIST (k);
CREATE TABLE logs_2_2 PARTITION OF logs_2 FOR VALUES IN (2);
INSERT INTO logs VALUES (1, 1, 1), (2, 2, 2);
SELECT herald.watch('logs');
SELECT is(test.looked(), '{}', 'nothing has happened');

ALTER TABLE things ALTER price TYPE numeric USING price * 100;
SELECT is(test.looked(), '{"bulk things ddl"}', 'ALTER TYPE USING of a column that is told');
SELECT is((SELECT audience FROM herald.changes ORDER BY id DESC LIMIT 1), '{*}', 'to everyone');
SELECT is(test.looked(), '{}', 'once');
ALTER TABLE things DROP COLUMN twice;
SELECT is(test.looked(), '{}', 'a column that goes');
ALTER TABLE things ALTER owner TYPE int USING owner + 1;
SELECT is(test.looked(), '{"bulk things ddl"}', 'of the column that routes');
ALTER TABLE things ALTER note TYPE text USING note || '!';
-- A server that writes the catalog rows of all later columns, too, hides which of them it altered.
SELECT is(test.looked(), CASE WHEN writes_later_columns() THEN '{"bulk things ddl"}'::text[] ELSE '{}' END, 'of one that is excluded, before others that are told');
ALTER TABLE things ALTER remark TYPE text USING remark || '!';
SELECT is(test.looked(), '{}', 'of one that is excluded, the last one');
ALTER TABLE logs ALTER v TYPE int USING v + 1;
SELECT is(test.looked(), '{"bulk logs ddl"}', 'of a partitioned table');

ALTER TABLE things ADD COLUMN plain text;
SELECT is(test.looked(), '{}', 'a new column without values');
ALTER TABLE things ADD COLUMN five int DEFAULT 5;
SELECT is(test.looked(), '{"bulk things ddl"}', 'a new one with a constant default');
ALTER TABLE things ADD COLUMN any_time timestamptz DEFAULT clock_timestamp();
SELECT is(test.looked(), '{"bulk things ddl"}', 'with a volatile one');
ALTER TABLE things ADD COLUMN thrice int GENERATED ALWAYS AS (owner * 3) STORED;
SELECT is(test.looked(), '{"bulk things ddl"}', 'a generated one');
ALTER TABLE things DROP COLUMN plain, ADD COLUMN plain text;
SELECT is(test.looked(), '{"bulk things ddl"}', 'a column that is dropped and made anew');
BEGIN;
ALTER TABLE things RENAME five TO other;
ALTER TABLE things RENAME id TO five;
ALTER TABLE things RENAME other TO id;
COMMIT;
SELECT is(test.looked(), '{"bulk things ddl"}', 'two that swap their names');
ALTER TABLE things RENAME five TO other;
ALTER TABLE things RENAME id TO five;
ALTER TABLE things RENAME other TO id;
SELECT is(test.looked(), '{"bulk things ddl"}', 'and swap them back');
ALTER TABLE things RENAME plain TO simple;
SELECT is(test.looked(), '{}', 'one that gets a new name');

ALTER TYPE mood ADD VALUE 'fair';
SELECT is(test.looked(), '{}', 'a new label of an enum');
ALTER TYPE mood RENAME VALUE 'bad' TO 'evil';
SELECT is(test.looked(), '{"bulk things ddl"}', 'a label that gets another name');
ALTER TABLE things DROP COLUMN feels, DROP COLUMN pairs;
SELECT is(test.looked(), '{}', 'columns that go');
ALTER TYPE mood RENAME VALUE 'evil' TO 'bad';
SELECT is(test.looked(), '{"bulk things ddl"}', 'in an array of a domain');
ALTER TABLE things DROP COLUMN all_moods, ADD COLUMN pairs pair[];
SELECT is(test.looked(), '{}', 'a column of another type');
ALTER TYPE mood RENAME VALUE 'bad' TO 'evil';
SELECT is(test.looked(), '{"bulk things ddl"}', 'in an array of a composite type');
ALTER TYPE pair RENAME ATTRIBUTE one TO first;
SELECT is(test.looked(), '{"bulk things ddl"}', 'a member of that');

VACUUM FULL things;
VACUUM FULL logs;
SELECT is(test.looked(), '{}', 'VACUUM FULL');
ALTER TABLE things ALTER price SET NOT NULL, ALTER price SET STATISTICS 50, ALTER price SET DEFAULT 3, ADD CHECK (price > 0), DROP COLUMN five;
CREATE INDEX ON things (price);
COMMENT ON COLUMN things.price IS 'x';
ANALYZE things;
SELECT is(test.looked(), '{}', 'DDL that changes no values');
CLUSTER things USING things_price_idx;
VACUUM FREEZE pg_attribute, pg_inherits, pg_class, pg_enum, pg_attrdef;
VACUUM FULL pg_attribute;
VACUUM FULL pg_inherits;
SELECT is(test.looked(), '{}', 'nor does maintenance of the catalog');

ALTER TABLE logs DETACH PARTITION logs_1;
DELETE FROM logs_1;
INSERT INTO logs_1 VALUES (77, 1, 1);
ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES IN (1);
SELECT is(test.looked(), '{"bulk logs ddl"}', 'a partition that is detached, changed and attached again');
SELECT is(test.looked(), '{}', 'once');
BEGIN;
ALTER TABLE logs DETACH PARTITION logs_1;
TRUNCATE logs_1;
ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES IN (1);
COMMIT;
SELECT is(test.looked(), '{"bulk logs ddl"}', 'in one transaction');
ALTER TABLE logs_2 DETACH PARTITION logs_2_2;
UPDATE logs_2_2 SET v = 9;
ALTER TABLE logs_2 ATTACH PARTITION logs_2_2 FOR VALUES IN (2);
SELECT is(test.looked(), '{"bulk logs ddl"}', 'one of a partition');
CREATE TABLE logs_3 PARTITION OF logs FOR VALUES IN (3);
SELECT is(test.looked(), '{}', 'a partition that is made brings nothing');
ALTER TABLE logs ALTER v SET NOT NULL;
TRUNCATE logs_3;
SELECT is(test.looked(), '{"bulk logs ddl"}', 'where a column is altered and a table is written anew, values may be others');

SELECT herald.rule('things', 'made', 'insert');
SELECT is(test.looked(), '{}', 'a rule changes no values');
ALTER TABLE things ALTER price TYPE numeric USING price * 2;
SELECT is(test.looked(), '{"bulk things ddl"}', 'a table that tells who leaves is told with any rule');
SELECT herald.rule('logs', 'gone', 'delete');
ALTER TABLE logs ALTER v TYPE int USING v + 1;
SELECT is(test.looked(), '{}', 'one without, where updates are not told, is not');
SELECT herald.rule('logs', 'changed', 'update');
ALTER TABLE logs ALTER v TYPE int USING v + 1;
SELECT is(test.looked(), '{"bulk logs ddl"}', 'where they are, it is');

SELECT current_setting('server_version_num')::int >= 170000 AS has_set_expression, current_setting('server_version_num')::int >= 180000 AS has_virtual \gset
CREATE TABLE sums (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a + 1) STORED);
INSERT INTO sums VALUES (1, 1);
SELECT herald.watch('sums');
SELECT is(test.looked(), '{}', 'a table with a generated column');
ALTER TABLE sums RENAME a TO c;
SELECT is(test.looked(), '{}', 'what it is made of gets another name');
\if :has_set_expression
ALTER TABLE sums ALTER b SET EXPRESSION AS (c + 2);
SELECT is(test.looked(), '{"bulk sums ddl"}', 'gets another expression');
\else
SELECT skip('SET EXPRESSION is of PostgreSQL 17', 1);
\endif
\if :has_virtual
ALTER TABLE sums ADD COLUMN v int GENERATED ALWAYS AS (c * 2) VIRTUAL;
SELECT is(test.looked(), '{"bulk sums ddl"}', 'a virtual column that comes');
ALTER TABLE sums ALTER v SET EXPRESSION AS (c * 3);
SELECT is(test.looked(), '{"bulk sums ddl"}', 'and gets another expression');
\else
SELECT skip('Virtual generated columns are of PostgreSQL 18', 2);
\endif
ALTER TABLE sums ALTER b DROP EXPRESSION;
SELECT is(test.looked(), '{}', 'a column that is generated no more keeps its values');

UPDATE herald.extents SET marks = NULL, stamp = NULL; -- as after an upgrade
ALTER TABLE things ALTER price TYPE numeric USING price * 2;
SELECT is(test.looked(), '{}', 'the first look takes what is there');
ALTER TABLE things ALTER price TYPE numeric USING price * 2;
SELECT is(test.looked(), '{"bulk things ddl"}', 'and the next one tells');
SELECT finish();
