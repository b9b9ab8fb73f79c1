-- contrib/example: POST /api/orders as seed 000's createOrderAction has it, PATCH and GET.
\ir lib/example.sql
SELECT plan(57);
CREATE FUNCTION post(who text, body text) RETURNS jsonb LANGUAGE sql AS $$ SELECT test.ask(who, 'POST', '/api/orders', body::jsonb) $$;
CREATE FUNCTION patch(who text, body text, id text DEFAULT '00000000-0000-4000-8000-0000000000a1') RETURNS jsonb LANGUAGE sql AS
  $$ SELECT test.ask(who, 'PATCH', '/api/orders/:id', body::jsonb, jsonb_build_object('id', id)) $$;
CREATE FUNCTION list(who text, query jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$ SELECT test.ask(who, 'GET', '/api/orders', NULL, '{}', query) $$;
CREATE FUNCTION with_member(name text, value text) RETURNS text LANGUAGE sql AS $$
  SELECT ('{"storeSlug": "minha-loja", "customerName": "João", "items": [{}], "total": 1}'::jsonb || jsonb_build_object(name, value::jsonb))::text $$;

SELECT post('joao', '{"storeSlug": "minha-loja", "customerName": "João Silva", "items": [{"name": "Pastel", "quantity": 2}, {"name": "Suco"}], "total": 50.00,
  "user_id": "00000000-0000-4000-8000-000000000002", "userId": "00000000-0000-4000-8000-000000000002", "order_status": "Delivered", "order_code": "ORD-000000"}') AS made \gset
SELECT is(:'made'::jsonb ->> 'status', '201', 'a customer orders');
SELECT is((:'made'::jsonb #> '{body,data}') - '{id,order_code,created_at,updated_at}'::text[], '{"store_slug": "minha-loja", "user_id": "00000000-0000-4000-8000-000000000001",
  "address_id": null, "customer_name": "João Silva", "items": [{"name": "Pastel", "quantity": 2}, {"name": "Suco"}], "total_qty": 3, "final_amount": 50.00,
  "order_status": "Order Received"}', 'for themself, whatever else the body says');
SELECT is(test.events(), '{order_created,order_status_update}', 'store and customer are told');
SELECT is(test.last(2) -> 'order', :'made'::jsonb #> '{body,data}', 'of the same order');
SELECT is(post('ana', with_member('addressId', '"00000000-0000-4000-8000-0000000000e1"')) #> '{body,data,user_id}', 'null', 'staff takes an order for a guest');
SELECT is(post('ana', with_member('userId', '"00000000-0000-4000-8000-000000000002"')) #>> '{body,data,user_id}', '00000000-0000-4000-8000-000000000002', 'or for a user');
SELECT is(test.line(post('ana', with_member('userId', '"00000000-0000-4000-8000-0000000000ff"'))), '400 userId is no user', 'who must be there');
SELECT is(post('ana', with_member('storeSlug', '"loja-do-porto"')) #>> '{body,data,user_id}', '00000000-0000-4000-8000-000000000003', 'in another store they are a customer');
SELECT is(test.line(post('nobody', with_member('total', '1'))), '403 You have no account here', 'who is no user cannot order');

SELECT is(test.line(post('joao', body)), '400 The body must be a JSON object', 'refused: ' || coalesce(body, 'no body')) FROM unnest(ARRAY[NULL, 'null', '[]', '"x"']) body;
SELECT is(test.line(post('joao', ((with_member('total', '1')::jsonb) - name)::text)), CASE name
    WHEN 'items' THEN '400 items must be 1 to 100 objects, each with a quantity of 1 to 1000'
    WHEN 'total' THEN '400 total must be an amount of 0 to 9999999999.99' ELSE '400 ' || name || ' is missing' END, 'refused: no ' || name)
  FROM unnest('{storeSlug,customerName,items,total}'::text[]) name;
SELECT is(test.line(post('joao', with_member(name, value))), '400 ' || said, format('refused: %s %s', name, value)) FROM (VALUES
  ('storeSlug', '7', 'storeSlug must be a text of 1 to 200 characters'), ('storeSlug', '"nowhere"', 'storeSlug is no store'),
  ('customerName', '" "', 'customerName must be a text of 1 to 200 characters'), ('customerName', '["x"]', 'customerName must be a text of 1 to 200 characters'),
  ('customerName', to_json(repeat('x', 201))::text, 'customerName must be a text of 1 to 200 characters'),
  ('addressId', '"x"', 'addressId must be a UUID')) v(name, value, said);
SELECT is(test.line(post('joao', with_member('items', items))), '400 items must be 1 to 100 objects, each with a quantity of 1 to 1000', 'refused: items ' || left(items, 40))
  FROM unnest(ARRAY['null', '{}', '[]', '[1]', '[{"quantity": 0}]', '[{"quantity": 1001}]', '[{"quantity": 1.5}]', '[{"quantity": "2"}]', '[{"quantity": null}]',
                    '[' || repeat('{},', 100) || '{}]']) items;
SELECT is(test.line(post('joao', with_member('total', total))), '400 total must be an amount of 0 to 9999999999.99', 'refused: total ' || total)
  FROM unnest(ARRAY['null', '"50"', '-0.01', '10000000000', '1.005', '1e400']) total;

CREATE TABLE before AS SELECT example.order_json(o) - 'updated_at' AS told FROM example.orders o WHERE order_code = 'ORD-A7X3B2';
SELECT is((patch('ana', '{"customerName": null, "items": [{"quantity": 7}], "total": 70.5, "user_id": "x", "order_status": "Delivered"}') #> '{body,data}') - 'updated_at',
  (SELECT told || '{"customer_name": null, "items": [{"quantity": 7}], "total_qty": 7, "final_amount": 70.50, "order_status": "Order Received"}'
     FROM before), 'staff changes what the body names, and nothing else');
SELECT is((SELECT event FROM herald.changes ORDER BY id DESC LIMIT 1), 'order_updated', 'the store is told');
SELECT is(test.line(patch('ana', '{}')), '400 Nothing to change: customerName, addressId, items or total', 'nothing is not a change');
SELECT is(test.line(patch('ana', '[]')), '400 The body must be a JSON object', 'nor is a list');
SELECT is(test.line(patch('ana', '{"total": -1}')), '400 total must be an amount of 0 to 9999999999.99', 'the same checks');
SELECT is(patch('joao', '{"customerName": "J. Silva", "addressId": null}') #> '{body,data}' @> '{"customer_name": "J. Silva", "address_id": null}', true, 'a customer corrects name and address');
SELECT is(test.line(patch('joao', '{"customerName": "J", "total": 0}')), '403 You may only correct name and address, until the order is being prepared', 'not the price');
UPDATE example.orders SET order_status = 'Preparing' WHERE order_code = 'ORD-A7X3B2';
SELECT is(test.line(patch('joao', '{"customerName": "J"}')), '403 You may only correct name and address, until the order is being prepared', 'and not for ever');
SELECT is(test.line(patch('maria', '{"customerName": "J"}')), '404 Order not found', 'another''s order is not there');
SELECT is(test.line(patch('ana', '{"customerName": "J"}', '00000000-0000-4000-8000-0000000000a4')), '404 Order not found', 'nor one of another store');

SELECT is((SELECT array_agg(DISTINCT o ->> 'store_slug') FROM jsonb_array_elements(list('ana', '{"store": "minha-loja"}') #> '{body,data}') o), '{minha-loja}', 'a store''s orders');
SELECT is(list('grace', '{"store": "loja-do-porto"}') #>> '{body,data,-1,order_code}', 'ORD-Z5D6F7', 'an admin sees every store''s');
SELECT is(list('grace', '{"store": "nowhere"}') -> 'body', '{"success": true, "data": []}', 'one that is not there has none');
SELECT is(test.line(list(who, '{"store": "loja-do-porto"}')), '403 This is not a store of yours', who || ' does not') FROM unnest('{ana,joao,nobody}'::text[]) who;
SELECT is((SELECT array_agg(DISTINCT o ->> 'user_id') FROM jsonb_array_elements(list('joao') #> '{body,data}') o), '{00000000-0000-4000-8000-000000000001}', 'without a store: one''s own');
SELECT is(list('nobody') #> '{body,data}', '[]', 'nobody has none');
SELECT finish();
