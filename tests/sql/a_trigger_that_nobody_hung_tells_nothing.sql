-- A trigger that came with a dump, a cloned schema or a copied statement calls the capture of another table. Nothing is told: no row,
-- no `bulk`, no fault. The watched table and its partitions are told of, whatever they are called now.
SELECT plan(25);
CREATE SCHEMA a;
CREATE TABLE a.orders (id int PRIMARY KEY, user_id int, total int);
CREATE TABLE a.parts (id int PRIMARY KEY, user_id int) PARTITION BY RANGE (id);
CREATE TABLE a.low PARTITION OF a.parts FOR VALUES FROM (0) TO (10);
CREATE TABLE a.mid PARTITION OF a.parts FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE a.deep PARTITION OF a.mid FOR VALUES FROM (10) TO (15);
SELECT dblink_connect('old', test.self());
SELECT dblink_exec('old', 'BEGIN ISOLATION LEVEL REPEATABLE READ'), n FROM dblink('old', 'SELECT count(*) FROM pg_class') AS c(n int);
SELECT herald.watch('a.orders', 'orders', '{user_id}'), herald.watch('a.parts', 'parts', '{user_id}');

-- copy(what, to): hangs the triggers of one table on another, as tools do.
CREATE FUNCTION copy(what regclass, target text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ddl text;
BEGIN
  FOR ddl IN SELECT replace(pg_get_triggerdef(t.oid), format(' ON %s ', what), format(' ON %s ', target)) FROM pg_trigger t WHERE t.tgrelid = what AND NOT t.tgisinternal LOOP
    EXECUTE ddl;
  END LOOP;
END $$;
CREATE FUNCTION events() RETURNS text[] LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM herald.changes RETURNING *) SELECT coalesce(array_agg(concat_ws(' ', event, key ->> 'id') ORDER BY id), '{}') FROM gone $$;

CREATE SCHEMA b;
CREATE TABLE b.orders (id int PRIMARY KEY, user_id int, total int);
CREATE TABLE b.other (id int PRIMARY KEY, secret text);
CREATE TABLE b.parts (id int PRIMARY KEY, user_id int) PARTITION BY RANGE (id);
CREATE TABLE b.low PARTITION OF b.parts DEFAULT;
SELECT copy('a.orders', 'b.orders'), copy('a.orders', 'b.other'), copy('a.parts', 'b.parts');
INSERT INTO b.orders VALUES (1, 7, 123456);
UPDATE b.orders SET user_id = 8;
DELETE FROM b.orders;
TRUNCATE b.orders;
SELECT is(events(), '{}', 'of a table in a cloned schema nothing is told');
SELECT lives_ok($$INSERT INTO b.other VALUES (1, 'x')$$, 'a table of other columns can be written');
SELECT is(events(), '{}', 'and nothing is told of it');
SELECT is((SELECT count(*) FROM herald.untold), 0::bigint, 'not even that something failed');
INSERT INTO b.parts VALUES (1, 7);
TRUNCATE b.low;
TRUNCATE b.parts;
SELECT is(events(), '{}', 'nor of a partitioned one');
BEGIN; SELECT herald.mute(); INSERT INTO b.orders VALUES (2, 7, 1); COMMIT;
SELECT is(events(), '{}', 'a transaction that is mute is no exception');

INSERT INTO a.orders VALUES (1, 7, 1);
INSERT INTO a.parts VALUES (1, 7), (11, 7);
SELECT is(events(), '{orders.insert 1,parts.insert 1,parts.insert 11}', 'the watched tables are told of');
SELECT dblink_exec('old', 'INSERT INTO a.orders VALUES (2, 7, 1); INSERT INTO a.parts VALUES (2, 7), (12, 7)');
SELECT is(events(), '{}', 'a writer whose snapshot is older than the watch');
SELECT dblink_exec('old', 'COMMIT');
SELECT is(events(), '{orders.insert 2,parts.insert 2,parts.insert 12}', 'is told of as well');

-- What the tables are called, and what is a partition, may change before anybody looks.
SELECT dblink_exec('old', 'BEGIN ISOLATION LEVEL REPEATABLE READ'), n FROM dblink('old', 'SELECT count(*) FROM pg_class') AS c(n int);
ALTER TABLE a.orders RENAME TO purchases;
ALTER TABLE a.low RENAME TO lower;
ALTER TABLE a.parts RENAME TO pieces;
CREATE SCHEMA c;
ALTER TABLE a.pieces SET SCHEMA c;
INSERT INTO a.purchases VALUES (3, 7, 1);
INSERT INTO c.pieces VALUES (3, 7), (13, 7);
SELECT is(events(), '{orders.insert 3,parts.insert 3,parts.insert 13}', 'renamed tables are told of');
CREATE TABLE a.late PARTITION OF c.pieces FOR VALUES FROM (20) TO (30);
CREATE TABLE a.deeper PARTITION OF a.mid FOR VALUES FROM (15) TO (20) PARTITION BY RANGE (id);
CREATE TABLE a.deepest PARTITION OF a.deeper DEFAULT;
CREATE TABLE a.apart (id int PRIMARY KEY, user_id int);
INSERT INTO a.apart VALUES (30, 7);
ALTER TABLE c.pieces ATTACH PARTITION a.apart FOR VALUES FROM (30) TO (40);
INSERT INTO c.pieces VALUES (20, 7), (16, 7);
UPDATE a.apart SET user_id = 7 + id;
SELECT is(events(), '{parts.insert 20,parts.insert 16,parts.update 30,left}', 'so are partitions that came later, at any depth');
SELECT dblink_exec('old', 'INSERT INTO a.late VALUES (21, 7); INSERT INTO a.purchases VALUES (4, 7, 1)'), dblink_exec('old', 'COMMIT');
SELECT is(events(), '{parts.insert 21,orders.insert 4}', 'and by a writer with an older snapshot');
ALTER TABLE c.pieces DETACH PARTITION a.apart;
UPDATE a.apart SET user_id = 1;
SELECT is(events(), '{}', 'one that is detached is not');

-- Another table takes the name.
CREATE TABLE a.orders (id int PRIMARY KEY, user_id int, total int);
SELECT copy('a.purchases', 'a.orders');
INSERT INTO a.orders VALUES (1, 7, 1);
SELECT is(events(), '{}', 'of another table with the former name nothing is told');
SELECT herald.watch('a.purchases'), herald.watch('c.pieces');
INSERT INTO a.orders VALUES (2, 7, 1); INSERT INTO a.purchases VALUES (5, 7, 1);
SELECT is(events(), '{orders.insert 5}', 'nor when the watch has learnt its new name');
SELECT pg_get_triggerdef(t.oid) AS ddl FROM pg_trigger t WHERE t.tgrelid = 'a.purchases'::regclass AND t.tgname = '!herald_insert' \gset
DROP TABLE a.purchases;
CREATE TABLE a.purchases (id int PRIMARY KEY, user_id int, total int);
:ddl;
INSERT INTO a.purchases VALUES (6, 7, 1);
SELECT is(events(), '{}', 'a table that was dropped and made anew is another one');
SELECT herald.watch('a.purchases', 'orders', '{user_id}');
INSERT INTO a.purchases VALUES (7, 7, 1);
SELECT is(events(), '{orders.insert 7}', 'which can be watched, and is told once');

-- Names.
SELECT is((SELECT count(DISTINCT w.tag) FROM herald.watches w), (SELECT count(*) FROM herald.watches), 'each watch has a tag of its own');
SELECT ok((SELECT bool_and(p.proname ~ format('^capture_%s_%s_', w.id, w.tag)) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN herald.watches w ON w.target = t.tgrelid
            WHERE t.tgname ~ '^!herald_'), 'by which its functions are called');
SELECT herald.unwatch('c.pieces');
SELECT is((SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = 'b.parts'::regclass AND NOT t.tgisinternal), 0::bigint, 'unwatch takes strangers'' triggers along');
SELECT herald.watch('c.pieces', 'parts', '{user_id}');
INSERT INTO c.pieces VALUES (4, 7);
SELECT is(events(), '{parts.insert 4}', 'a table that is watched anew is told of once');
SELECT is((SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'herald'::regnamespace AND p.proname ~ '^capture_.*_insert$'), (SELECT count(*) FROM herald.watches), 'no function is left over');

-- More partitions than are listed.
CREATE TABLE a.many (id int PRIMARY KEY) PARTITION BY RANGE (id);
DO $$ BEGIN FOR i IN 0 .. 119 LOOP EXECUTE format('CREATE TABLE a.many_%1$s PARTITION OF a.many FOR VALUES FROM (%1$s) TO (%2$s)', i, i + 1); END LOOP; END $$;
SELECT herald.watch('a.many');
CREATE TABLE a.more PARTITION OF a.many DEFAULT;
CREATE TABLE b.many (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE b.some PARTITION OF b.many DEFAULT;
CREATE TABLE b.single (id int PRIMARY KEY);
SELECT copy('a.many', 'b.many'), copy('a.many', 'b.single');
INSERT INTO b.many VALUES (1);
INSERT INTO b.single VALUES (1);
SELECT is(events(), '{}', 'of a table with many partitions, too, nothing is told by others');
INSERT INTO a.many VALUES (7), (500);
SELECT is(events(), '{"many.insert 7","many.insert 500"}', 'and all by its own');
SELECT is((SELECT faults FROM herald.status), NULL, 'nothing has failed');
SELECT * FROM finish();
