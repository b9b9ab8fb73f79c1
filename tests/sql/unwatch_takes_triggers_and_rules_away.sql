-- herald.unwatch: no more events; what is in the log stays.
BEGIN;
SELECT plan(9);
CREATE TABLE orders (id int PRIMARY KEY);
SELECT herald.watch('orders');
SELECT herald.rule('orders', 'order_made', 'insert');
INSERT INTO orders VALUES (1);
SELECT herald.unwatch('orders');
INSERT INTO orders VALUES (2);
SELECT is(test.events(), '{order_made}', 'what was written stays, nothing is added');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'orders'::regclass), 0::bigint, 'the triggers are gone');
SELECT is((SELECT count(*) FROM herald.rules), 0::bigint, 'the rules are gone');
SELECT is((SELECT count(*) FROM pg_proc WHERE pronamespace = 'herald'::regnamespace AND proname ~ '^capture_\d'), 0::bigint,
  'the trigger functions are gone');
SELECT lives_ok($$SELECT herald.unwatch('orders')$$, 'once more is harmless');

SELECT herald.watch('orders');
INSERT INTO orders VALUES (3);
SELECT is((test.events())[2], 'orders.insert', 'watched anew, it starts without rules');
SELECT 'orders'::regclass::oid AS oid \gset
DROP TABLE orders;
SELECT lives_ok(format('SELECT herald.unwatch(%s)', :oid), 'a table that has been dropped can be unwatched');
SELECT is((SELECT count(*) FROM herald.watches), 0::bigint, 'and is gone from the watches');
SELECT throws_ok($$SELECT herald.rule('pg_class', 'x', 'insert')$$, '55000', 'pgherald: table ''pg_class'' is not watched',
  'a rule for a table that is not watched is refused');
SELECT finish();
ROLLBACK;
