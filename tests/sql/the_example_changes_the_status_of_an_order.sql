-- contrib/example: PATCH /api/orders/:id/status as seed 004 has it, and the bodies that it must refuse.
\ir lib/example.sql
SELECT plan(40);
\set a1 '00000000-0000-4000-8000-0000000000a1'
CREATE FUNCTION patch(who text, body jsonb, id text DEFAULT '00000000-0000-4000-8000-0000000000a1') RETURNS jsonb LANGUAGE sql AS
  $$ SELECT test.ask(who, 'PATCH', '/api/orders/:id/status', body, jsonb_build_object('id', id)) $$;
UPDATE example.orders SET created_at = '2026-02-26 05:00:00+00', order_status = 'Order Received' WHERE id = :'a1';
SELECT patch('ana', '{"order_status": "Preparing"}') AS answer \gset

SELECT is(:'answer'::jsonb #- '{body,data,updated_at}', '{"status": 200, "fault": null, "body": {"success": true, "message": "Order status updated", "data": {
  "id": "00000000-0000-4000-8000-0000000000a1", "order_code": "ORD-A7X3B2", "user_id": "00000000-0000-4000-8000-000000000001",
  "address_id": "00000000-0000-4000-8000-0000000000e1", "total_qty": 3, "final_amount": 460.00, "order_status": "Preparing",
  "created_at": "2026-02-26T05:00:00.000Z"}}}', 'the answer is the order in nine members, and the message');
SELECT matches(:'answer'::text, '"final_amount": 460\.00,', 'the amount is a number as the database has it');
SELECT matches(:'answer'::jsonb #>> '{body,data,updated_at}', '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$', 'times are ISO 8601, UTC, with milliseconds');
SELECT is(:'answer'::jsonb #>> '{body,data,updated_at}', (SELECT example.iso(updated_at) FROM example.orders WHERE id = :'a1'), 'updated_at is that of the change');
SELECT is((SELECT jsonb_build_array(event, data) FROM herald.changes ORDER BY id DESC LIMIT 1),
  '["order_status_update", {"order_id": "00000000-0000-4000-8000-0000000000a1", "order_code": "ORD-A7X3B2", "order_status": "Preparing"}]', 'the customer is told');

CREATE TABLE before AS SELECT (SELECT count(*) FROM herald.changes) AS changes, o.xmin || o::text AS row FROM example.orders o WHERE id = :'a1';
SELECT is(test.line(patch('ana', '{"order_status": "Preparing"}')), '200 Order status updated', 'the same status again is done already');

-- faults.md has these bodies: each gets the words of seed 004.
SELECT is(patch('ana', body) - 'fault', '{"status": 400, "body": {"success": false, "errors":
  ["Invalid status. Must be one of: Order Received, Preparing, Out for Delivery, Delivered, Cancelled"]}}', 'refused: ' || coalesce(body::text, 'no body'))
  FROM unnest(ARRAY[NULL, 'null', '{}', '[]', '"Preparing"', '1', 'true', '["order_status"]', '[{"order_status": "Delivered"}]', '{"Order_Status": "Delivered"}',
    '{"order_status": null}', '{"order_status": 1}', '{"order_status": true}', '{"order_status": ["Delivered"]}', '{"order_status": {"a": "Delivered"}}',
    '{"order_status": ""}', '{"order_status": " Delivered "}', '{"order_status": "delivered"}', '{"order_status": "Delivered\n"}',
    '{"order_status": "Lost"}', '{"order_status": "Order Received,Preparing"}']::jsonb[]) body;

-- One answer for an order that is not there and for one that is not one's own.
SELECT is(test.line(patch('ana', '{"order_status": "Delivered"}', id)), '404 Order not found', 'there is no order ' || coalesce(id, 'NULL'))
  FROM unnest(ARRAY[NULL, '', 'x', '1', '00000000-0000-4000-8000-0000000000ff', '{00000000-0000-4000-8000-0000000000a1}', '000000000000400080000000000000a1',
    '00000000-0000-4000-8000-0000000000a1''; DROP TABLE example.orders; --', ' 00000000-0000-4000-8000-0000000000a1']) id;
SELECT is((SELECT ((SELECT count(*) FROM herald.changes), o.xmin || o::text)::text FROM example.orders o WHERE o.id = :'a1'), (SELECT (changes, row)::text FROM before),
  'of all that was refused, and of the same status again, nothing is written and nobody is told');

SELECT patch('ana', '{"order_status": "Delivered", "user_id": "00000000-0000-4000-8000-000000000002", "final_amount": 0, "id": "x", "store_slug": "loja-do-porto"}');
SELECT is((SELECT (o.user_id, o.final_amount, o.store_slug, o.order_status)::text FROM example.orders o WHERE id = :'a1'),
  '(00000000-0000-4000-8000-000000000001,460.00,minha-loja,Delivered)', 'other members are ignored');
SELECT is(test.line(patch('ana', '{"order_status": "Preparing"}', upper(:'a1'))), '200 Order status updated', 'an id may be written in capitals');
SELECT is(patch('ana', '{"order_status": "Delivered"}', upper(:'a1')) #>> '{body,data,id}', :'a1'::text, 'and is answered as the database writes it');
SELECT finish();
