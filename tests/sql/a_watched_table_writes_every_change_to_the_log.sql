-- A watched table without rules yields <topic>.insert, .update, .delete, .truncate, with the default data.
BEGIN;
SELECT plan(13);
CREATE TABLE orders (id int PRIMARY KEY, status text, total numeric(12,2));
SELECT herald.watch('orders');

INSERT INTO orders VALUES (1, 'open', 10.50);
SELECT is(test.events(), '{orders.insert}', 'an insert is one event');
SELECT is(test.last(), '{"op": "insert", "table": "public.orders", "key": {"id": 1}, "old": null, "changed": [],
  "row": {"id": 1, "status": "open", "total": 10.50}}', 'an insert says the row, and no old one');

UPDATE orders SET status = 'paid', total = 11;
SELECT is(test.events(), '{orders.insert,orders.update}', 'an update is one event');
SELECT is(test.last() ->> 'op', 'update', 'an update says op');
SELECT is(test.last() -> 'row', '{"id": 1, "status": "paid", "total": 11.00}', 'an update says the new row');
SELECT is(test.last() -> 'old', '{"status": "open", "total": 10.50}', 'an update says the old values of what changed');
SELECT is(test.last() -> 'changed', '["total", "status"]', 'an update names the columns that changed');

UPDATE orders SET id = 2;
SELECT is(test.last() -> 'key', '{"id": 2}', 'the key of an update is the new one');

DELETE FROM orders;
SELECT is(test.last(), '{"op": "delete", "table": "public.orders", "key": {"id": 2}, "row": null, "changed": [],
  "old": {"id": 2, "status": "paid", "total": 11.00}}', 'a delete says the old row');

INSERT INTO orders SELECT g, 'open', g FROM generate_series(1, 3) g;
SELECT is((SELECT count(*) FROM herald.changes WHERE event = 'orders.insert'), 4::bigint, 'each row of a statement is an event');
TRUNCATE orders;
SELECT is(test.last(), '{"op": "truncate", "table": "public.orders", "key": null, "row": null, "old": null, "changed": []}',
  'a truncate is one event that names no row');
SELECT is((SELECT audience FROM herald.changes WHERE event = 'orders.truncate'), '{*}', 'a truncate is for everyone on the topic');

CREATE TABLE heap (note text);
SELECT herald.watch('heap');
INSERT INTO heap VALUES ('no key');
SELECT is(test.last() -> 'key', 'null', 'a table without a primary key has a null key');
SELECT finish();
ROLLBACK;
