-- contrib/example: who may set which status of whose order, and what the others are told.
\ir lib/example.sql
SELECT plan(28);
-- João's order a1 in minha-loja in that status; what this person is answered for wanting another one.
CREATE FUNCTION wants(who text, status text, is_now text DEFAULT 'Order Received', id text DEFAULT '00000000-0000-4000-8000-0000000000a1') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  UPDATE example.orders SET order_status = is_now WHERE orders.id = example.id(wants.id);
  RETURN test.line(test.ask(who, 'PATCH', '/api/orders/:id/status', jsonb_build_object('order_status', status), jsonb_build_object('id', id)));
END $$;
\set yes '\'200 Order status updated\''
\set unknown '\'404 Order not found\''

SELECT is(wants('ana', s, CASE s WHEN 'Delivered' THEN 'Cancelled' ELSE 'Delivered' END), :yes, 'staff sets ' || s)
  FROM unnest('{Order Received,Preparing,Out for Delivery,Delivered,Cancelled}'::text[]) s;
SELECT is(wants('grace', s, CASE s WHEN 'Delivered' THEN 'Cancelled' ELSE 'Delivered' END), :yes, 'an admin sets ' || s)
  FROM unnest('{Order Received,Preparing,Out for Delivery,Delivered,Cancelled}'::text[]) s;
SELECT is(wants('joao', 'Cancelled'), :yes, 'a customer cancels what the store has not begun with');
SELECT is(wants('joao', 'Cancelled', 'Cancelled'), :yes, 'and may say so twice');
SELECT is(wants('joao', 'Cancelled', s), '403 This order cannot be cancelled any more', 'not what is ' || s)
  FROM unnest('{Preparing,Out for Delivery,Delivered}'::text[]) s;
SELECT is(wants('joao', s, s), '403 You may only cancel your order', 'and sets nothing to ' || s)
  FROM unnest('{Order Received,Preparing,Out for Delivery,Delivered}'::text[]) s;
SELECT is(wants('maria', 'Cancelled'), :unknown, 'another''s order is not there');
SELECT is(test.ask('maria', 'PATCH', '/api/orders/:id/status', '{"order_status": "Cancelled"}', '{"id": "00000000-0000-4000-8000-0000000000a1"}'),
          test.ask('maria', 'PATCH', '/api/orders/:id/status', '{"order_status": "Cancelled"}', '{"id": "00000000-0000-4000-8000-0000000000ff"}'),
          'to the letter, in the log too');
SELECT is(wants('ana', 'Preparing', 'Order Received', '00000000-0000-4000-8000-0000000000a4'), :unknown, 'nor for staff one of another store');
SELECT is(wants('pieter', 'Preparing'), :unknown, 'nor for a mechanic');
SELECT is(wants('nobody', 'Cancelled'), :unknown, 'nor for who has no claims');
SELECT is(test.line(herald.act('PATCH', '/api/orders/:id/status', jsonb_build_object('params', '{"id": "00000000-0000-4000-8000-0000000000a1"}'::jsonb,
  'body', '{"order_status": "Cancelled"}'::jsonb, 'claims', c))), :unknown, 'nor for ' || c::text) FROM unnest(ARRAY[
  '{"role": "staff", "stores": []}', '{"role": "customer", "stores": ["minha-loja"]}', '{"role": "staff", "stores": {"minha-loja": 1}}',
  '{"role": {"admin": 1}}']::jsonb[]) c;
SELECT finish();
