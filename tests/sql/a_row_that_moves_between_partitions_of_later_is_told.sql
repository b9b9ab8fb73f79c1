-- Partitions below partitions, made after the rule, have keys of their own: an UPDATE of those moves rows, too. The next look of the
-- ticker makes it told; watching again and installing do. What is no key any more stands in no way of ALTER TABLE.
SELECT plan(11);
CREATE TABLE orders (id int, region text, k int) PARTITION BY LIST (region);
CREATE TABLE orders_us PARTITION OF orders FOR VALUES IN ('us');
CREATE FUNCTION fires() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(a.attname, ',' ORDER BY a.attname) FROM pg_trigger t JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr::int2[])
   WHERE t.tgrelid = 'orders'::regclass AND t.tgname = '~herald_moved' $$;
CREATE FUNCTION split() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  CREATE TABLE orders_eu PARTITION OF orders FOR VALUES IN ('eu') PARTITION BY RANGE (k);
  CREATE TABLE orders_eu_1 PARTITION OF orders_eu FOR VALUES FROM (0) TO (10);
  CREATE TABLE orders_eu_2 PARTITION OF orders_eu FOR VALUES FROM (10) TO (20); END $$;
SELECT herald.watch('orders'), herald.rule('orders', 'changed', 'update');
SELECT is(fires(), 'region', 'the rule looks at updates of the key');
SELECT split();
SELECT test.look();
SELECT is(fires(), 'k,region', 'and of those that partitions below have');
INSERT INTO orders VALUES (1, 'eu', 1), (2, 'eu', 1);
UPDATE orders SET k = 15 WHERE id = 1;
SELECT is(test.events(), '{changed}', 'a row that moves between these is told');
DROP TABLE orders_eu;
SELECT test.look();
SELECT lives_ok('ALTER TABLE orders DROP COLUMN k', 'a column that is no key any more can go');
ALTER TABLE orders ADD k int;

-- where somebody is in the way, the ticker leaves it
SELECT test.look();
SELECT split();
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'BEGIN');
SELECT dblink_exec('w', $$INSERT INTO orders VALUES (3, 'us', 1)$$);
SELECT lives_ok('SELECT test.look()', 'a writer is in the way of nobody''s look');
SELECT is(fires(), 'region', 'nor is it waited for');
SELECT dblink_exec('w', 'COMMIT');
SELECT herald.watch('orders');
SELECT is(fires(), 'k,region', 'watching again does it');

-- as an older version left it
DO $$
BEGIN
  EXECUTE (SELECT format('CREATE OR REPLACE TRIGGER "~herald_moved" BEFORE UPDATE OF region ON orders FOR EACH ROW EXECUTE FUNCTION %s', tgfoid::regprocedure)
             FROM pg_trigger WHERE tgrelid = 'orders'::regclass AND tgname = '~herald_moved');
END $$;
\ir ../../sql/install.sql
SELECT is(fires(), 'k,region', 'and installing');

-- more partitions than the text of the trigger functions lists
SELECT format('CREATE TABLE p%s PARTITION OF orders FOR VALUES IN (%L)', g, g) FROM generate_series(1, 110) g \gexec
SELECT test.look(), herald.watch('orders');
DROP TABLE orders_eu;
SELECT test.look();
SELECT is(fires(), 'region', 'among a hundred partitions');
SELECT split();
SELECT test.look();
SELECT is(fires(), 'k,region', 'likewise');
INSERT INTO orders VALUES (4, 'eu', 1);
UPDATE orders SET k = 15 WHERE id = 4;
SELECT is((SELECT count(*) FROM herald.changes WHERE event = 'changed'), 2::bigint, 'the row is told');
SELECT finish();
