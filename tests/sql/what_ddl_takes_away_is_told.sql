-- DDL takes rows away, or brings some, that no trigger sees. The ticker's look tells it once: `bulk`, to everyone on the topic.
SELECT plan(33);
-- looked(): what a look told.
CREATE FUNCTION looked() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  before bigint := (SELECT coalesce(max(id), 0) FROM herald.changes);
BEGIN
  PERFORM herald.look_at_shapes();
  RETURN (SELECT coalesce(array_agg(event || ' ' || (data ->> 'topic') || ' ' || (data ->> 'reason') ORDER BY id), '{}') FROM herald.changes WHERE id > before AND event = 'bulk');
END $$;

CREATE TABLE things (id int PRIMARY KEY, v int, note text);
SELECT herald.watch('things', audience => '{v}', exclude => '{note}'), herald.rule('things', 'made', 'insert');
CREATE TABLE logs (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
SELECT herald.watch('logs', topic => 'journal');
SELECT is(looked(), '{}', 'nothing has happened');

ALTER TABLE things RENAME TO stuff;
CREATE SCHEMA other;
ALTER TABLE stuff SET SCHEMA other;
SELECT is(looked(), '{}', 'another name takes nothing away');
ALTER TABLE other.stuff SET SCHEMA public;
ALTER TABLE stuff RENAME TO things;
VACUUM FULL things;
TRUNCATE things;
SELECT is(looked(), '{}', 'nor does what writes the table anew, nor what triggers tell');

CREATE TABLE logs_2 PARTITION OF logs FOR VALUES IN (2);
INSERT INTO logs VALUES (2, 2);
SELECT is(looked(), '{}', 'what is made as a partition brings no rows');
TRUNCATE logs_2;
SELECT is((SELECT (event, data ->> 'reason')::text FROM herald.changes ORDER BY id DESC LIMIT 1), '(bulk,truncate)', 'and from then on its TRUNCATE is told');
BEGIN;
CREATE TABLE logs_3 (LIKE logs INCLUDING ALL);
ALTER TABLE logs ATTACH PARTITION logs_3 FOR VALUES IN (3);
COMMIT;
SELECT is(looked(), '{}', 'nor what is attached without any');
CREATE TABLE logs_4 (LIKE logs INCLUDING ALL);
INSERT INTO logs_4 VALUES (4, 4);
ALTER TABLE logs ATTACH PARTITION logs_4 FOR VALUES IN (4);
SELECT is(looked(), '{"bulk journal ddl"}', 'what is attached with rows is told');
SELECT is((SELECT audience FROM herald.changes ORDER BY id DESC LIMIT 1), '{*}', 'to everyone on the topic');
SELECT is(looked(), '{}', 'once');
BEGIN;
CREATE TABLE logs_5 (id int NOT NULL, k int NOT NULL);
INSERT INTO logs_5 VALUES (5, 5);
ALTER TABLE logs ATTACH PARTITION logs_5 FOR VALUES IN (5);
COMMIT;
SELECT is(looked(), '{"bulk journal ddl"}', 'made and filled in one transaction too');
CREATE TABLE logs_6 (id int NOT NULL, k int NOT NULL) PARTITION BY LIST (k);
CREATE TABLE logs_6_6 PARTITION OF logs_6 FOR VALUES IN (6);
INSERT INTO logs_6 VALUES (6, 6);
ALTER TABLE logs ATTACH PARTITION logs_6 FOR VALUES IN (6);
SELECT is(looked(), '{"bulk journal ddl"}', 'with partitions of its own too');
TRUNCATE logs_6_6;
SELECT is((SELECT (event, data ->> 'reason')::text FROM herald.changes ORDER BY id DESC LIMIT 1), '(bulk,truncate)', 'whose TRUNCATE is told');
CREATE TABLE logs_6_7 PARTITION OF logs_6 FOR VALUES IN (7);
SELECT is(looked(), '{}', 'and those that it gets later bring none');
DROP TABLE logs_4;
SELECT is(looked(), '{"bulk journal ddl"}', 'a partition that is dropped is told');
ALTER TABLE logs DETACH PARTITION logs_2;
SELECT is(looked(), '{"bulk journal ddl"}', 'one that is detached');
SELECT herald.rule('logs', 'changed', 'update');
DROP TABLE logs_5;
SELECT is(looked(), '{}', 'where the rules speak of updates only, neither is');
SELECT herald.rule('logs', 'gone', 'delete');
DROP TABLE logs_3;
SELECT is(looked(), '{"bulk journal ddl"}', 'where they speak of DELETE it is');

CREATE TABLE parents (id int PRIMARY KEY);
SELECT herald.watch('parents');
CREATE TABLE children () INHERITS (parents);
INSERT INTO children VALUES (1);
SELECT is(looked(), '{"bulk parents ddl"}', 'a child by INHERITS that has rows is told');
DROP TABLE children;
SELECT is(looked(), '{"bulk parents ddl"}', 'and that it is gone');
DROP TABLE parents;
SELECT is(looked(), '{"bulk parents ddl"}', 'a table that is dropped is told');
SELECT is(looked(), '{}', 'once');
SELECT lives_ok($$SELECT herald.unwatch(target) FROM herald.watches WHERE topic = 'parents'$$, 'it can be unwatched');

CREATE SCHEMA app;
CREATE TABLE app.a (id int PRIMARY KEY);
CREATE TABLE app.b (id int PRIMARY KEY);
SELECT herald.watch('app.a'), herald.watch('app.b');
DROP SCHEMA app CASCADE;
SELECT is(looked(), '{"bulk a ddl","bulk b ddl"}', 'a schema with two tables is two');

CREATE TABLE things_new (LIKE things INCLUDING ALL);
INSERT INTO things_new VALUES (7, 7, 'n');
BEGIN;
ALTER TABLE things RENAME TO things_old;
ALTER TABLE things_new RENAME TO things;
COMMIT;
SELECT is(looked(), '{"bulk things ddl"}', 'two tables that swap their names are told');
SELECT is(looked(), '{}', 'once');
SELECT herald.watch('things');
SELECT is((SELECT (topic, audience, exclude)::text FROM herald.watches WHERE target = 'things'::regclass), '(things,{v},{note})', 'the new one, watched by the name, has what there was');
SELECT is((SELECT array_agg(event) FROM herald.rules WHERE target = 'things'::regclass), '{made}', 'and the rules');
INSERT INTO things_old VALUES (8, 8);
INSERT INTO things VALUES (9, 9);
SELECT is((SELECT array_agg(audience) FROM herald.changes WHERE event = 'made'), ARRAY[ARRAY['v=9']], 'from then on it is that one that is told');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'things_old'::regclass), 0::bigint, 'the old one has no trigger any more');
DROP TABLE things;
CREATE TABLE things (id int PRIMARY KEY, v int, note text);
SELECT is(looked(), '{"bulk things ddl"}', 'dropped and made anew between two looks is told');
SELECT herald.watch('things');
INSERT INTO things VALUES (10, 10);
SELECT is((SELECT array_agg(audience ORDER BY id) FROM herald.changes WHERE event = 'made'), ARRAY[ARRAY['v=9'], ARRAY['v=10']], 'and watched by its name goes on with its rules');

CREATE UNLOGGED TABLE carts (id int PRIMARY KEY);
SELECT herald.watch('carts');
DELETE FROM herald.survivor; -- as a crash does
SELECT is(looked(), '{"bulk carts crash"}', 'an UNLOGGED table that a crash has emptied is told');
SELECT is(looked(), '{}', 'once');
SELECT finish();
