-- contrib/example: two PATCHes of one order at once come one after the other, and the second sees what the first has made of it.
\ir lib/example.sql
SELECT plan(9);
CREATE FUNCTION patch(who text, status text, id text DEFAULT '00000000-0000-4000-8000-0000000000a1') RETURNS text LANGUAGE sql AS
  $$ SELECT test.line(test.ask(who, 'PATCH', '/api/orders/:id/status', jsonb_build_object('order_status', status), jsonb_build_object('id', id))) $$;
CREATE FUNCTION statuses() RETURNS text[] LANGUAGE sql AS
  $$ SELECT array_agg(data ->> 'order_status' ORDER BY id) FROM herald.changes WHERE event = 'order_status_update' $$;
SELECT dblink_connect('a', test.self()), dblink_connect('b', test.self());
SELECT pid AS b FROM dblink('b', 'SELECT pg_backend_pid()') AS r(pid int) \gset
-- Does the second session come to wait for a lock, within 30 s?
CREATE FUNCTION comes_to_wait(pid int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  FOR n IN 1 .. 3000 LOOP
    IF cardinality(pg_blocking_pids(pid)) > 0 THEN RETURN true; END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RETURN false;
END $$;

SELECT dblink_exec('a', 'BEGIN');
SELECT * FROM dblink('a', $$SELECT patch('ana', 'Preparing')$$) AS r(t text);
SELECT dblink_send_query('b', $$SELECT patch('joao', 'Cancelled')$$);
SELECT ok(comes_to_wait(:b), 'the second waits for the first');
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT t FROM dblink_get_result('b') AS r(t text)), '403 This order cannot be cancelled any more', 'and is judged by what it is then');
SELECT * FROM dblink_get_result('b') AS r(t text);
SELECT is(statuses(), '{Preparing}', 'one event');

SELECT dblink_exec('a', 'BEGIN');
SELECT * FROM dblink('a', $$SELECT patch('ana', 'Out for Delivery')$$) AS r(t text);
SELECT dblink_send_query('b', $$SELECT patch('grace', 'Delivered')$$);
SELECT ok(comes_to_wait(:b), 'of two who may, the second waits too');
SET lock_timeout = '20s';
SELECT is(patch('maria', 'Cancelled'), '404 Order not found', 'whose order it is not, does not wait for it: at once, as for one that is not there');
RESET lock_timeout;
SELECT dblink_exec('a', 'COMMIT');
SELECT is((SELECT t FROM dblink_get_result('b') AS r(t text)), '200 Order status updated', 'the last one wins');
SELECT * FROM dblink_get_result('b') AS r(t text);
SELECT is((SELECT order_status FROM example.orders WHERE order_code = 'ORD-A7X3B2'), 'Delivered', 'in the table');
SELECT is(statuses(), '{Preparing,Out for Delivery,Delivered}', 'and its event comes last');
SELECT herald.tick();
SELECT is((SELECT array_agg(r.data::jsonb ->> 'order_status' ORDER BY r.tick, r.id) FROM herald.read(2) r WHERE r.event = 'order_status_update'),
  '{Preparing,Out for Delivery,Delivered}', 'for every reader');
SELECT finish();
