-- contrib/example: installing twice changes nothing: no row, no rule, no event, and no row that was changed is set back.
\ir ../../contrib/example/install.sql
SELECT plan(9);
UPDATE example.orders SET order_status = 'Delivered' WHERE order_code = 'ORD-A7X3B2';
CREATE TABLE before AS SELECT (SELECT count(*) FROM herald.rules) AS rules, (SELECT count(*) FROM herald.changes) AS changes,
  (SELECT jsonb_agg(w ORDER BY w.id) FROM herald.watches w) AS watches, (SELECT jsonb_agg(s ORDER BY path) FROM herald.streams s) AS streams,
  (SELECT jsonb_agg(o ORDER BY id) FROM example.orders o) AS orders, (SELECT jsonb_agg(a ORDER BY path, method) FROM herald.actions a) AS actions;
SELECT herald.rule('example.orders', 'left_over', 'any'), herald.action('GET', '/left/over', 'example.list_users');
CREATE FUNCTION test.answer(request jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT request $$;
SELECT herald.action('GET', '/not/of/the/example', 'test.answer');
\ir ../../contrib/example/install.sql
SELECT is((SELECT count(*) FROM herald.rules), (SELECT rules FROM before), 'the same rules, and none left over');
SELECT is((SELECT count(*) FROM herald.changes WHERE event <> 'schema'), (SELECT changes FROM before), 'no event but that a rule is gone');
SELECT is((SELECT jsonb_agg(w ORDER BY w.id) FROM herald.watches w), (SELECT watches FROM before), 'the same watches');
SELECT is((SELECT jsonb_agg(s ORDER BY path) FROM herald.streams s), (SELECT streams FROM before), 'the same streams');
SELECT is((SELECT jsonb_agg(o ORDER BY id) FROM example.orders o), (SELECT orders FROM before), 'the same rows');
SELECT is((SELECT jsonb_agg(a ORDER BY path, method) FROM herald.actions a WHERE path <> '/not/of/the/example'), (SELECT actions FROM before),
          'the same actions, and none left over');
SELECT is((SELECT string_agg(s.path || ' ' || d.says, '; ') FROM herald.streams s, herald.doubts(s) d), NULL, 'no stream is doubted');
SELECT is((SELECT count(*) FROM herald.actions WHERE path = '/not/of/the/example'), 1::bigint, 'but what is not of the example stays');
UPDATE example.orders SET total_qty = 9 WHERE order_code = 'ORD-A7X3B2';
SELECT is((SELECT array_agg(event ORDER BY id) FROM herald.changes WHERE event <> 'schema'), '{order_updated,order_status_update,order_updated}', 'and it goes on');
SELECT finish();
