-- Without an expression a rule's event carries op, table, key, row, old, changed.
BEGIN;
SELECT plan(4);
CREATE TABLE orders (id int PRIMARY KEY, status text, secret text);
SELECT herald.watch('orders', exclude => '{secret}');
SELECT herald.rule('orders', 'order_touched', 'any');
INSERT INTO orders VALUES (1, 'open', 's');
SELECT is(test.last(), '{"op": "insert", "table": "public.orders", "key": {"id": 1}, "old": null, "changed": [],
  "row": {"id": 1, "status": "open"}}', 'of an insert');
UPDATE orders SET status = 'paid';
SELECT is(test.last(), '{"op": "update", "table": "public.orders", "key": {"id": 1}, "old": {"status": "open"}, "changed": ["status"],
  "row": {"id": 1, "status": "paid"}}', 'of an update');
DELETE FROM orders;
SELECT is(test.last() -> 'old', '{"id": 1, "status": "paid"}', 'of a delete');
TRUNCATE orders;
SELECT is(test.last() ->> 'op', 'truncate', 'of a truncate');
SELECT finish();
ROLLBACK;
