-- orders.sql: the actions of the store's page (seed 000) and of the customer's page (seed 004).
-- Requests have the bodies of createOrderAction in seed 000. Answers are like those of seed 004.

-- example.manages(claims, store): true if they manage this store. Admins manage all stores, and
-- staff those in the claim `stores`.
CREATE OR REPLACE FUNCTION example.manages(claims jsonb, store text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT example.has_claim(claims, 'role', 'admin')
      OR (example.has_claim(claims, 'role', 'staff') AND example.has_claim(claims, 'stores', store))
$$;

-- example.order_of(request): locks and returns the order that the request names. Two changes of one
-- order come one after the other, and the second sees the first. A caller who neither manages nor
-- placed the order is told that there is none. Such a caller does not wait for its lock either.
CREATE OR REPLACE FUNCTION example.order_of(request jsonb) RETURNS example.orders
LANGUAGE plpgsql AS $$
DECLARE
  claims jsonb := request -> 'claims';
  o example.orders;
BEGIN
  SELECT * INTO o FROM example.orders
   WHERE id = example.id(request #>> '{params,id}') AND (example.manages(claims, store_slug) OR user_id::text = claims ->> 'sub')
     FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM example.refuse(404, 'Order not found');
  END IF;
  RETURN o;
END $$;

-- PATCH /api/orders/:id/status {"order_status"} (seed 004). A caller who manages the store may set
-- any status. A customer may cancel an order that the store has not begun with. The status that the
-- order already has is no change, so there is no event.
CREATE OR REPLACE FUNCTION example.update_order_status(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  statuses text[] := '{Order Received,Preparing,Out for Delivery,Delivered,Cancelled}';
  wanted jsonb := coalesce(request #> '{body,order_status}', 'null');
  status text := wanted #>> '{}';
  o example.orders;
BEGIN
  IF jsonb_typeof(wanted) <> 'string' OR status <> ALL (statuses) THEN
    PERFORM example.refuse(400, 'Invalid status. Must be one of: ' || array_to_string(statuses, ', '));
  END IF;
  o := example.order_of(request);
  IF NOT example.manages(request -> 'claims', o.store_slug) THEN
    IF status <> 'Cancelled' THEN
      PERFORM example.refuse(403, 'You may only cancel your order');
    ELSIF o.order_status NOT IN ('Order Received', 'Cancelled') THEN
      PERFORM example.refuse(403, 'This order cannot be cancelled any more');
    END IF;
  END IF;
  IF o.order_status <> status THEN
    UPDATE example.orders SET order_status = status WHERE id = o.id RETURNING * INTO o;
  END IF;
  RETURN example.done(jsonb_build_object(
    'id', o.id, 'order_code', o.order_code, 'user_id', o.user_id, 'address_id', o.address_id, 'total_qty', o.total_qty,
    'final_amount', o.final_amount, 'order_status', o.order_status,
    'created_at', example.iso(o.created_at), 'updated_at', example.iso(o.updated_at)), 'Order status updated');
END $$;

-- example.items_in(body): the member `items`, 1 to 100 objects. Only their `quantity` means
-- something here. It is 1 to 1000, and 1 if it is left out.
CREATE OR REPLACE FUNCTION example.items_in(body jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  items jsonb := body -> 'items';
BEGIN
  IF jsonb_typeof(items) IS DISTINCT FROM 'array' OR jsonb_array_length(items) NOT BETWEEN 1 AND 100 OR EXISTS (
       SELECT FROM jsonb_array_elements(items) item
        WHERE jsonb_typeof(item) <> 'object'
           OR (item ? 'quantity' AND NOT (jsonb_typeof(item -> 'quantity') = 'number' AND item ->> 'quantity' ~ '^([1-9][0-9]{0,2}|1000)$'))) THEN
    PERFORM example.refuse(400, 'items must be 1 to 100 objects, each with a quantity of 1 to 1000');
  END IF;
  RETURN items;
END $$;

-- example.quantity_of(items): the number of pieces. An item without a quantity is one piece.
CREATE OR REPLACE FUNCTION example.quantity_of(items jsonb) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT sum(coalesce((item ->> 'quantity')::int, 1))::int FROM jsonb_array_elements(items) item
$$;

-- example.total_in(body): the member `total`, an amount of money of 0 to 9999999999.99. It refuses
-- any other value.
CREATE OR REPLACE FUNCTION example.total_in(body jsonb) RETURNS numeric
LANGUAGE plpgsql AS $$
BEGIN
  IF jsonb_typeof(body -> 'total') IS DISTINCT FROM 'number' OR (body -> 'total')::numeric NOT BETWEEN 0 AND 9999999999.99
     OR (body -> 'total')::numeric <> round((body -> 'total')::numeric, 2) THEN
    PERFORM example.refuse(400, 'total must be an amount of 0 to 9999999999.99');
  END IF;
  RETURN (body -> 'total')::numeric;
END $$;

-- example.buyer_of(request): whose order it becomes. That is the caller, unless the caller manages
-- the store. Then it is the user `userId` of the body, or a guest (NULL). Users must exist.
CREATE OR REPLACE FUNCTION example.buyer_of(request jsonb, store text) RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
  claims jsonb := request -> 'claims';
  buyer uuid := example.id(claims ->> 'sub');
BEGIN
  IF example.manages(claims, store) THEN
    buyer := example.id_in(request -> 'body', 'userId');
    IF buyer IS NOT NULL AND NOT EXISTS (SELECT FROM example.users u WHERE u.id = buyer) THEN
      PERFORM example.refuse(400, 'userId is no user');
    END IF;
  ELSIF NOT EXISTS (SELECT FROM example.users u WHERE u.id = buyer AND u.id::text = claims ->> 'sub') THEN
    PERFORM example.refuse(403, 'You have no account here');
  END IF;
  RETURN buyer;
END $$;

-- POST /api/orders {"storeSlug", "customerName", "items", "total", "addressId"} (seed 000). This
-- shop has no price list, so the total is what the body says.
CREATE OR REPLACE FUNCTION example.create_order(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  body jsonb := example.body(request);
  store text := example.slug_in(body, 'storeSlug', true);
  items jsonb := example.items_in(body);
  o example.orders;
BEGIN
  INSERT INTO example.orders (store_slug, user_id, address_id, customer_name, items, total_qty, final_amount)
  VALUES (store, example.buyer_of(request, store), example.id_in(body, 'addressId'), example.text_in(body, 'customerName', true), items,
          example.quantity_of(items), example.total_in(body))
  RETURNING * INTO o;
  RETURN example.done(example.order_json(o), 'Order created', 201);
END $$;

-- PATCH /api/orders/:id {"customerName", "addressId", "items", "total"}: changes the members that
-- are there. A customer may correct name and address until the store begins with the order.
CREATE OR REPLACE FUNCTION example.update_order(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  body jsonb := example.body(request);
  o example.orders := example.order_of(request);
BEGIN
  IF NOT body ?| '{customerName,addressId,items,total}' THEN
    PERFORM example.refuse(400, 'Nothing to change: customerName, addressId, items or total');
  ELSIF NOT example.manages(request -> 'claims', o.store_slug) AND (o.order_status <> 'Order Received' OR body ?| '{items,total}') THEN
    PERFORM example.refuse(403, 'You may only correct name and address, until the order is being prepared');
  END IF;
  IF body ? 'customerName' THEN o.customer_name := example.text_in(body, 'customerName'); END IF;
  IF body ? 'addressId' THEN o.address_id := example.id_in(body, 'addressId'); END IF;
  IF body ? 'items' THEN o.items := example.items_in(body); o.total_qty := example.quantity_of(o.items); END IF;
  IF body ? 'total' THEN o.final_amount := example.total_in(body); END IF;
  UPDATE example.orders SET customer_name = o.customer_name, address_id = o.address_id, items = o.items, total_qty = o.total_qty,
         final_amount = o.final_amount
   WHERE id = o.id RETURNING * INTO o;
  RETURN example.done(example.order_json(o), 'Order updated');
END $$;

-- GET /api/orders?store=SLUG: the store's newest 500 orders, for callers who may open its stream.
-- Without `store`, the caller's own newest 500 orders.
CREATE OR REPLACE FUNCTION example.list_orders(request jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
  claims jsonb := request -> 'claims';
  store text := request #>> '{query,store}';
BEGIN
  IF store IS NOT NULL AND NOT (example.has_claim(claims, 'role', 'admin') OR example.has_claim(claims, 'stores', store)) THEN
    PERFORM example.refuse(403, 'This is not a store of yours');
  END IF;
  RETURN example.done((SELECT coalesce(jsonb_agg(example.order_json(o) ORDER BY o.created_at DESC, o.id), '[]') FROM (
    SELECT * FROM example.orders
     WHERE CASE WHEN store IS NULL THEN user_id = example.id(claims ->> 'sub') AND user_id::text = claims ->> 'sub' ELSE store_slug = store END
     ORDER BY created_at DESC, id LIMIT 500) o));
END $$;
