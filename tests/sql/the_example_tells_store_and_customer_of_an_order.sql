-- contrib/example: what the streams of the order pages (seeds 000 and 004) get of each change of an order.
\ir ../../contrib/example/install.sql
SELECT plan(13);
SELECT is(test.events(), NULL, 'the sample rows are no events');

-- The events and data of the last tick, as a subscriber of this stream with this key sees them.
CREATE FUNCTION seen(path text, key text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_array(r.event, r.data::jsonb - 'order', r.data::jsonb #> '{order,order_status}') ORDER BY r.tick, r.id), '[]')
    FROM herald.streams s, herald.head() h, herald.replay(h.tick, 0, h.tick, s.topics, s.events, ARRAY[key], NULL, NULL, NULL, 100) r
   WHERE s.path = seen.path AND r.id >= 0 $$;
\set joao '\'user_id=00000000-0000-4000-8000-000000000001\''
\set maria '\'user_id=00000000-0000-4000-8000-000000000002\''

UPDATE example.orders SET order_status = 'Preparing' WHERE order_code = 'ORD-A7X3B2';
SELECT herald.tick();
SELECT is(seen('/api/orders/stream', :joao), '[["order_status_update", {"order_id": "00000000-0000-4000-8000-0000000000a1",
  "order_code": "ORD-A7X3B2", "order_status": "Preparing"}, null]]', 'a change of status is told to the customer');
SELECT is(seen('/api/orders/stream', :maria), '[]', 'and to no other customer');
SELECT is(seen('/api/orders/events', 'store_slug=minha-loja'), '[["order_updated", {}, "Preparing"]]', 'the store gets the whole order');
SELECT is(seen('/api/orders/events', 'store_slug=loja-do-porto'), '[]', 'and no other store');
SELECT is(test.last(2) -> 'order', to_jsonb(o) || jsonb_build_object('created_at', example.iso(o.created_at), 'updated_at', example.iso(o.updated_at)),
  'the order is all its columns') FROM example.orders o WHERE order_code = 'ORD-A7X3B2';

UPDATE example.orders SET order_status = 'Preparing', updated_at = updated_at WHERE order_code = 'ORD-A7X3B2';
SELECT is(herald.tick(), NULL, 'a change that changes nothing is no event');

UPDATE example.orders SET order_status = 'Cancelled' WHERE order_code = 'ORD-A7X3B2';
SELECT herald.tick();
SELECT is(seen('/api/orders/events', 'store_slug=minha-loja'), '[["order_cancelled", {"order_id": "00000000-0000-4000-8000-0000000000a1",
  "order_code": "ORD-A7X3B2"}, null]]', 'a cancelled order is that, and no update as well');
SELECT is(seen('/api/orders/stream', :joao) #>> '{0,1,order_status}', 'Cancelled', 'the customer sees the status');

INSERT INTO example.orders (store_slug, user_id) VALUES ('minha-loja', '00000000-0000-4000-8000-000000000001');
SELECT herald.tick();
SELECT is(seen('/api/orders/events', 'store_slug=minha-loja'), '[["order_created", {}, "Order Received"]]', 'a new order is told to the store');
SELECT is(seen('/api/orders/stream', :joao) #>> '{0,1,order_status}', 'Order Received', 'and to its customer');
SELECT matches((SELECT order_code FROM example.orders ORDER BY created_at DESC LIMIT 1), '^ORD-[A-Z0-9]{6}$', 'it has got a code');

DELETE FROM example.orders WHERE order_code = 'ORD-K9M2P4';
SELECT herald.tick();
SELECT is(seen('/api/orders/events', 'store_slug=minha-loja'), '[["order_cancelled", {"order_id": "00000000-0000-4000-8000-0000000000a2",
  "order_code": "ORD-K9M2P4"}, null]]', 'a deleted order is cancelled');
SELECT finish();
