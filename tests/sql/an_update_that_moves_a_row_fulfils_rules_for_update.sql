-- PostgreSQL moves a row to another partition by DELETE and INSERT. A rule for update is about the UPDATE: it is told of the row all the same,
-- on all levels, whatever the order of a partition's columns, by UPDATE and by MERGE; and writers are failed by nothing.
SELECT plan(17);
CREATE TABLE orders (id int, status text, k int NOT NULL DEFAULT 1, owner text, PRIMARY KEY (id, status, k)) PARTITION BY LIST (status);
CREATE TABLE orders_open PARTITION OF orders FOR VALUES IN ('new', 'packed');
CREATE TABLE orders_done (owner text, gone int, status text NOT NULL, k int NOT NULL DEFAULT 1, id int NOT NULL);
ALTER TABLE orders_done DROP COLUMN gone;
ALTER TABLE orders ATTACH PARTITION orders_done FOR VALUES IN ('paid');
CREATE TABLE orders_rest PARTITION OF orders DEFAULT PARTITION BY RANGE (k);
CREATE TABLE orders_rest_1 PARTITION OF orders_rest FOR VALUES FROM (0) TO (10);
CREATE TABLE orders_rest_2 PARTITION OF orders_rest FOR VALUES FROM (10) TO (20);
SELECT herald.watch('orders', audience => '{owner}');
SELECT herald.rule('orders', 'packed', 'update', 'NEW.status = ''packed'''),
       herald.rule('orders', 'paid', 'update', 'NEW.status = ''paid'' AND OLD.status <> ''paid''', 'jsonb_build_object(''id'', NEW.id, ''was'', OLD.status, ''text'', ''RETURN NULL;'')'),
       herald.rule('orders', 'rested', 'update', 'NEW.k <> OLD.k');
INSERT INTO orders VALUES (1, 'new', 1, 'ann'), (2, 'new', 1, 'ann');
UPDATE orders SET status = 'packed' WHERE id = 1;
SELECT is(test.events(), '{packed}', 'an update within the partition is told once');
UPDATE orders SET status = 'paid' WHERE id = 1;
SELECT is((test.events())[2:], '{paid}', 'one that moves the row too');
SELECT is(test.last(), '{"id": 1, "was": "packed", "text": "RETURN NULL;"}', 'with both its states');
SELECT is((SELECT audience FROM herald.changes ORDER BY id DESC LIMIT 1), '{owner=ann}', 'to its audience');
UPDATE orders SET status = 'paid', owner = 'bob' WHERE id = 2;
SELECT is((test.events())[3:], '{paid,left}', 'and with another audience, the former one is told that it left');
UPDATE orders SET status = 'odd' WHERE id = 1;
UPDATE orders SET k = 12 WHERE id = 1;
SELECT is((test.events())[5:], '{rested}', 'partitions below partitions');
UPDATE orders SET status = status, k = k;
SELECT is((test.events())[6:], '{}', 'what changes nothing is nothing');
UPDATE orders SET status = 'packed' WHERE id = 1;
SELECT is((test.events())[6:], '{packed}', 'out of them');
SELECT is((SELECT count(*) FROM orders), 2::bigint, 'all rows are there');
BEGIN;
SELECT herald.mute();
UPDATE orders SET status = 'paid' WHERE id = 1;
COMMIT;
SELECT is((test.events())[7:], '{bulk}', 'muted it is bulk');
SELECT herald.rule('orders', 'broken', 'update', data => 'to_jsonb(1 / (NEW.k - NEW.k))');
SELECT lives_ok($$UPDATE orders SET status = 'packed' WHERE id = 1$$, 'a rule that fails');
SELECT herald.tick();
SELECT is((SELECT status FROM orders WHERE id = 1), 'packed', 'fails no writer');
SELECT is((test.events())[8:], '{bulk}', 'and is bulk');
SELECT herald.unrule('orders', 'broken');
SELECT :SERVER_VERSION_NUM >= 150000 AS can_merge, cardinality(test.events()) AS before \gset
\if :can_merge
MERGE INTO orders o USING (VALUES (1, 'paid'), (2, 'gone')) n (id, status) ON n.id = o.id
  WHEN MATCHED AND n.status = 'gone' THEN DELETE WHEN MATCHED THEN UPDATE SET status = n.status;
SELECT is((test.events())[:before + 1:], '{paid}', 'MERGE');
\else
SELECT skip('PostgreSQL 14 has no MERGE', 1);
\endif
SELECT herald.rule('orders', 'all', 'any');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgname = '~herald_moved'), 0::bigint, 'with a rule for any, which tells the DELETE and the INSERT, it is as without');
SELECT herald.unrule('orders', 'all');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgname = '~herald_moved' AND tgrelid = 'orders'::regclass), 1::bigint, 'without it is back');
SELECT herald.unwatch('orders');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgname ~ 'herald_' AND tgrelid IN (SELECT relid FROM pg_partition_tree('orders'))), 0::bigint, 'unwatched, nothing is left');
SELECT finish();
