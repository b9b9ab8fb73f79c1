-- streams.sql: the addresses that browsers open, who may open them, and what they get there.

-- The store's order page (seed 000). It is for admins, and for tokens with the store in the claim
-- `stores`.
SELECT herald.stream('/api/orders/events', '{orders}',
  match   => '{"store_slug": "params.store"}',
  events  => '{order_created,order_updated,order_cancelled}',
  require => '[{"role": ["admin"]}, {"stores": ["params.store"]}]');

-- The customer's own orders (seed 004).
SELECT herald.stream('/api/orders/stream', '{orders}',
  match  => '{"user_id": "claims.sub"}',
  events => '{order_status_update}');

-- The users list (seed 001). The format is for clients that only have onmessage.
SELECT herald.stream('/api/events', '{users}',
  events => '{user_created,user_deleted}', require => '{"role": ["admin"]}', format => 'message');

-- The workshop's board (seed 002). The format is for clients that only have onmessage.
SELECT herald.stream('/api/workorders/stream', '{work_orders,work_sessions,parts,invoices,customers,vehicles,emails}',
  events => '{workorder-update}', require => '{"role": ["admin", "mechanic", "warehouse"]}', format => 'message');

-- The numbers of a game (seed 003), sealed. They are for a person with an active subscription, for
-- as long as it is active. The last k numbers come first.
SELECT herald.stream('/stream/rounds/:gameType/:gameId/:version/live', '{rounds}',
  match     => '{"game_type": "params.gameType", "game_id": "params.gameId"}',
  events    => '{update}',
  authorize => 'example.has_subscription',
  snapshot  => 'example.last_rounds',
  sealed    => true,
  recheck   => '{"example.subscriptions": "user_id"}');
