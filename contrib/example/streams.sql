-- streams.sql: the addresses that browsers open, who may, and what they get there.

-- The store's order page (seed 000): whoever has the store in the claim `stores`, or is an admin.
SELECT herald.stream('/api/orders/events', '{orders}',
  match   => '{"store_slug": "params.store"}',
  events  => '{order_created,order_updated,order_cancelled}',
  require => '[{"role": ["admin"]}, {"stores": ["params.store"]}]');

-- The customer's own orders (seed 004).
SELECT herald.stream('/api/orders/stream', '{orders}',
  match  => '{"user_id": "claims.sub"}',
  events => '{order_status_update}');

-- The users list (seed 001), for plain onmessage clients.
SELECT herald.stream('/api/events', '{users}',
  events => '{user_created,user_deleted}', require => '{"role": ["admin"]}', format => 'message');

-- The workshop's board (seed 002), for plain onmessage clients.
SELECT herald.stream('/api/workorders/stream', '{work_orders,work_sessions,parts,invoices,customers,vehicles,emails}',
  events => '{workorder-update}', require => '{"role": ["admin", "mechanic", "warehouse"]}', format => 'message');

-- The numbers of a game (seed 003), sealed: whoever has an active subscription, and for as long as it is active. The last k first.
SELECT herald.stream('/stream/rounds/:gameType/:gameId/:version/live', '{rounds}',
  match     => '{"game_type": "params.gameType", "game_id": "params.gameId"}',
  events    => '{update}',
  authorize => 'example.has_subscription',
  snapshot  => 'example.last_rounds',
  sealed    => true,
  recheck   => '{"example.subscriptions": "user_id"}');
