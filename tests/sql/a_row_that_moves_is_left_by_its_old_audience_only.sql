-- A change of a routing column: the new audience gets the change, the old one `left`, with the key and nothing else.
SELECT plan(11);
CREATE TABLE orders (id int PRIMARY KEY, user_id text, store text, note text);
SELECT herald.watch('orders', audience => '{user_id,store}');
INSERT INTO orders VALUES (1, 'ann', 'north', 'private');
SELECT herald.tick();
UPDATE orders SET user_id = 'bob', note = 'for bob';
SELECT herald.tick();

-- What a stream that matches one key sees of the second tick: event names, or the data.
CREATE FUNCTION seen(key text) RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(event ORDER BY tick, id) FILTER (WHERE id >= 0), '{}')
    FROM herald.replay(2, 9999999, 3, '{orders}', NULL, ARRAY[key], NULL, NULL, NULL, 100) $$;

SELECT is(seen('user_id=bob'), '{orders.update}', 'the new owner gets the change');
SELECT is(seen('user_id=ann'), '{left}', 'the old owner gets left');
SELECT is(seen('store=north'), '{orders.update}', 'who has the row before and after gets the change and no left');
SELECT is(seen('user_id=eve'), '{}', 'nobody else gets anything');
SELECT is((SELECT data FROM herald.changes WHERE event = 'left'), '{"key": {"id": 1}, "topic": "orders"}',
  'left says the topic and the key and nothing else');
SELECT is((SELECT herald.event_data(c) -> 'old' FROM herald.changes c WHERE event = 'orders.update'), 'null',
  'the new owner does not see the old values');
SELECT is((SELECT row_was FROM herald.changes WHERE event = 'orders.update'), NULL, 'which are not even in the log');
SELECT is((SELECT array_agg(event) FROM herald.replay(2, 9999999, 3, '{orders}', '{something}', '{user_id=ann}', NULL, NULL, NULL, 100)
            WHERE id >= 0), '{left}', 'a filter of events does not hold left back');

UPDATE orders SET user_id = NULL;
SELECT herald.tick();
SELECT is((SELECT array_agg(event) FROM herald.replay(3, 9999999, 4, '{orders}', NULL, '{user_id=bob}', NULL, NULL, NULL, 100)
            WHERE id >= 0), '{left}', 'a row that goes to nobody is left');
UPDATE orders SET user_id = 'ann', id = 7;
SELECT herald.tick();
SELECT is(test.delivered(4), '{orders.update,left}', 'a row that comes from nobody is an update');
UPDATE orders SET user_id = 'bob', id = 8;
SELECT is((SELECT data -> 'key' FROM herald.changes ORDER BY id DESC LIMIT 1), '{"id": 7}', 'left names the key that the old owner knows');
SELECT finish();
