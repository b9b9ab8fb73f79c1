-- herald.watch on a watched table changes topic, audience, columns and exclude; rules stay.
BEGIN;
SELECT plan(6);
CREATE TABLE orders (id int PRIMARY KEY, user_id text, secret text);
SELECT herald.watch('orders');
SELECT herald.rule('orders', 'order_made', 'insert');
SELECT herald.watch('orders', topic => 'sales', audience => '{user_id}', exclude => '{secret}');

INSERT INTO orders VALUES (1, 'ann', 'x');
SELECT is((SELECT topic FROM herald.changes), 'sales', 'the new topic holds');
SELECT is((SELECT audience FROM herald.changes), '{user_id=ann}', 'the new audience holds');
SELECT is(test.last() -> 'row', '{"id": 1, "user_id": "ann"}', 'the new exclude holds');
SELECT is(test.events(), '{order_made}', 'the rule stays');
SELECT is((SELECT count(*) FROM herald.watches), 1::bigint, 'it is one watch');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass), 2::bigint, 'with a trigger for each operation that can yield an event');
SELECT finish();
ROLLBACK;
