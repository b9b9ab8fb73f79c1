-- herald.publish: an event of the application's own, delivered if and only if its transaction commits.
SELECT plan(10);
SELECT dblink_connect('ticker', test.self()); -- a transaction's own snapshot does not list itself as open
BEGIN;
SELECT herald.publish('sales', 'sale_begins', '{"percent": 20}', '{"user_id": [7, "8"], "store": "north"}');
ROLLBACK;
SELECT is(herald.tick(), NULL, 'what is rolled back is not delivered');

BEGIN;
SELECT herald.publish('sales', 'sale_begins', '{"percent": 20}', '{"user_id": [7, "8"], "store": "north"}');
SELECT is((SELECT t FROM dblink('ticker', 'SELECT herald.tick()') AS r(t bigint)), NULL, 'before the commit it is not either');
COMMIT;
SELECT is(herald.tick(), 2::bigint, 'after the commit it is');
SELECT results_eq('SELECT topic, event, audience, data FROM herald.read(2)',
  $$VALUES ('sales', 'sale_begins', ARRAY['store=north', 'user_id=7', 'user_id=8'], '{"percent": 20}')$$,
  'with its topic, name, one key for each value of the audience, and data');

SELECT herald.publish('sales', 'all', '[1, "two", null]');
SELECT is((SELECT audience FROM herald.changes WHERE event = 'all'), '{}', 'without an audience it has no keys');
SELECT ok(herald.may_see('{}', NULL, NULL, NULL, NULL), 'which streams that match nothing see');
SELECT ok(NOT herald.may_see('{}', '{user_id=7}', NULL, NULL, NULL), 'and streams that match something do not');
SELECT throws_ok($$SELECT herald.publish('sales', 'x', NULL)$$, '22004', 'pgherald: data of event ''x'' is NULL', 'data must not be NULL');
SELECT throws_ok($$SELECT herald.publish('sales', 'x', '{}', '[1]')$$, '22023', NULL, 'an audience must be an object');
SELECT throws_ok($$SELECT herald.publish('sales', 'x', '{}', NULL)$$, '22023', NULL, 'and not NULL');
SELECT finish();
