-- watches.sql: says which changes are events, what they are called and what they say. All rules are
-- made again each time. So a rule that is gone from this page is gone from the database.

-- Orders: one watch serves the store's page and the customer's page. Both routing columns go with
-- every event.
SELECT herald.watch('example.orders', audience => '{user_id,store_slug}');
SELECT herald.unrule('example.orders');
SELECT herald.rule('example.orders', 'order_created', 'insert',
  data => $$jsonb_build_object('order', example.order_json(NEW))$$);
SELECT herald.rule('example.orders', 'order_updated', 'update',
  $$NOT (NEW.order_status = 'Cancelled' AND OLD.order_status <> 'Cancelled')$$,
  $$jsonb_build_object('order', example.order_json(NEW))$$);
SELECT herald.rule('example.orders', 'order_cancelled', 'update',
  $$NEW.order_status = 'Cancelled' AND OLD.order_status <> 'Cancelled'$$,
  $$jsonb_build_object('order_id', NEW.id, 'order_code', NEW.order_code)$$);
SELECT herald.rule('example.orders', 'order_cancelled', 'delete',
  data => $$jsonb_build_object('order_id', OLD.id, 'order_code', OLD.order_code)$$);
SELECT herald.rule('example.orders', 'order_status_update', 'insert',
  data => $$jsonb_build_object('order_id', NEW.id, 'order_code', NEW.order_code, 'order_status', NEW.order_status)$$);
SELECT herald.rule('example.orders', 'order_status_update', 'update', $$NEW.order_status <> OLD.order_status$$,
  $$jsonb_build_object('order_id', NEW.id, 'order_code', NEW.order_code, 'order_status', NEW.order_status)$$);

-- Users: the watch never lets password_hash out. The rules name what goes out.
SELECT herald.watch('example.users', exclude => '{password_hash}');
SELECT herald.unrule('example.users');
SELECT herald.rule('example.users', 'user_created', 'insert', data => $$jsonb_build_object(
  'user', jsonb_build_object('id', NEW.id, 'email', NEW.email, 'name', NEW.name, 'phoneNumber', NEW.phone_number,
                             'createdAt', example.iso(NEW.created_at)),
  'timestamp', example.epoch_ms())$$);
SELECT herald.rule('example.users', 'user_deleted', 'delete', data => $$jsonb_build_object(
  'user', jsonb_build_object('id', OLD.id, 'email', OLD.email, 'phoneNumber', OLD.phone_number),
  'timestamp', example.epoch_ms())$$);

-- Work orders: one write may fulfil several rules. A card that moves and changes its status is two
-- events.
SELECT herald.watch('example.work_orders', exclude => '{signature}');
SELECT herald.unrule('example.work_orders');
SELECT herald.rule('example.work_orders', 'workorder-update', 'insert', data =>
  $$jsonb_build_object('changeType', 'status', 'workOrderId', NEW.id, 'status', NEW.status, 'column', NEW.board_column)$$);
SELECT herald.rule('example.work_orders', 'workorder-update', 'update', $$NEW.board_column <> OLD.board_column$$,
  $$jsonb_build_object('changeType', 'column', 'workOrderId', NEW.id, 'column', NEW.board_column, 'from', OLD.board_column)$$);
SELECT herald.rule('example.work_orders', 'workorder-update', 'update', $$NEW.status <> OLD.status$$,
  $$jsonb_build_object('changeType', 'status', 'workOrderId', NEW.id, 'status', NEW.status, 'from', OLD.status)$$);
SELECT herald.rule('example.work_orders', 'workorder-update', 'delete', data =>
  $$jsonb_build_object('changeType', 'status', 'workOrderId', OLD.id, 'status', NULL, 'deleted', true)$$);

SELECT herald.watch('example.work_sessions');
SELECT herald.unrule('example.work_sessions');
SELECT herald.rule('example.work_sessions', 'workorder-update', 'insert', data => $$jsonb_build_object(
  'changeType', 'session', 'workOrderId', NEW.work_order_id, 'sessionId', NEW.id, 'mechanic', NEW.mechanic,
  'startedAt', example.iso(NEW.started_at), 'stoppedAt', example.iso(NEW.stopped_at))$$);
SELECT herald.rule('example.work_sessions', 'workorder-update', 'update', data => $$jsonb_build_object(
  'changeType', 'session', 'workOrderId', NEW.work_order_id, 'sessionId', NEW.id, 'mechanic', NEW.mechanic,
  'startedAt', example.iso(NEW.started_at), 'stoppedAt', example.iso(NEW.stopped_at))$$);
SELECT herald.rule('example.work_sessions', 'workorder-update', 'delete', data =>
  $$jsonb_build_object('changeType', 'session', 'workOrderId', OLD.work_order_id, 'sessionId', OLD.id, 'deleted', true)$$);

SELECT herald.watch('example.parts');
SELECT herald.unrule('example.parts');
SELECT herald.rule('example.parts', 'workorder-update', 'insert', data => $$jsonb_build_object(
  'changeType', 'part', 'workOrderId', NEW.work_order_id, 'partId', NEW.id, 'name', NEW.name, 'status', NEW.status)$$);
SELECT herald.rule('example.parts', 'workorder-update', 'update', data => $$jsonb_build_object(
  'changeType', 'part', 'workOrderId', NEW.work_order_id, 'partId', NEW.id, 'name', NEW.name, 'status', NEW.status)$$);
SELECT herald.rule('example.parts', 'workorder-update', 'delete', data =>
  $$jsonb_build_object('changeType', 'part', 'workOrderId', OLD.work_order_id, 'partId', OLD.id, 'deleted', true)$$);

SELECT herald.watch('example.invoices');
SELECT herald.unrule('example.invoices');
SELECT herald.rule('example.invoices', 'workorder-update', 'insert', data => $$jsonb_build_object(
  'changeType', 'invoice', 'workOrderId', NEW.work_order_id, 'invoiceId', NEW.id, 'amount', NEW.amount)$$);
SELECT herald.rule('example.invoices', 'workorder-update', 'update', data => $$jsonb_build_object(
  'changeType', 'invoice', 'workOrderId', NEW.work_order_id, 'invoiceId', NEW.id, 'amount', NEW.amount)$$);
SELECT herald.rule('example.invoices', 'workorder-update', 'delete', data =>
  $$jsonb_build_object('changeType', 'invoice', 'workOrderId', OLD.work_order_id, 'invoiceId', OLD.id, 'deleted', true)$$);

-- What the board shows of customers, vehicles and mail has a table and rules for each. One row of a
-- customer or a vehicle may concern several cards.
-- A change is no event if it changes only columns that the watch excludes. A customer's new phone
-- number is an event, though no rule tells the number.
SELECT herald.watch('example.customers');
SELECT herald.unrule('example.customers');
SELECT herald.rule('example.customers', 'workorder-update', 'update', data => $$jsonb_build_object(
  'changeType', 'customer', 'workOrderIds', example.cards_of_customer(NEW.id), 'customerId', NEW.id, 'name', NEW.name)$$);

SELECT herald.watch('example.vehicles');
SELECT herald.unrule('example.vehicles');
SELECT herald.rule('example.vehicles', 'workorder-update', 'insert', data => $$example.vehicle_news(NEW)$$);
SELECT herald.rule('example.vehicles', 'workorder-update', 'update', data => $$example.vehicle_news(NEW)$$);
SELECT herald.rule('example.vehicles', 'workorder-update', 'delete', data => $$jsonb_build_object(
  'changeType', 'vehicle', 'workOrderIds', example.cards_of_vehicle(OLD.plate), 'plate', OLD.plate, 'deleted', true)$$);

SELECT herald.watch('example.emails', exclude => '{recipient}');
SELECT herald.unrule('example.emails');
SELECT herald.rule('example.emails', 'workorder-update', 'insert', data => $$jsonb_build_object(
  'changeType', 'email', 'workOrderId', NEW.work_order_id, 'emailId', NEW.id, 'subject', NEW.subject, 'status', NEW.status)$$);
SELECT herald.rule('example.emails', 'workorder-update', 'update', $$NEW.status <> OLD.status$$, $$jsonb_build_object(
  'changeType', 'email', 'workOrderId', NEW.work_order_id, 'emailId', NEW.id, 'subject', NEW.subject, 'status', NEW.status)$$);

-- Rounds: each number goes to the subscribers of its game.
SELECT herald.watch('example.rounds', audience => '{game_type,game_id}');
SELECT herald.unrule('example.rounds');
SELECT herald.rule('example.rounds', 'update', 'insert', data => 'example.round_data(NEW.value, NEW.color, NEW.created_at)');
