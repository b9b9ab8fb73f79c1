-- herald.replay filters by topic, event and each key of the stream's match: no other row, not even its id.
SELECT plan(12);
SELECT herald.publish('orders', 'made', '"ann"', '{"user_id": "ann", "store": "north"}');
SELECT herald.publish('orders', 'paid', '"bob"', '{"user_id": "bob", "store": "north"}');
SELECT herald.publish('orders', 'made', '"both"', '{"user_id": ["ann", "bob"], "store": "south"}');
SELECT herald.publish('other', 'made', '"other"', '{"user_id": "ann", "store": "north"}');
SELECT herald.publish('orders', 'made', '"nobody"', '{}');
SELECT herald.tick();
CREATE FUNCTION seen(topics text[], events text[], key1 text[], key2 text[]) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(data, ' ' ORDER BY tick, id) FROM herald.replay(1, 0, 2, topics, events, key1, key2, NULL, NULL, 100) WHERE id >= 0 $$;

SELECT is(seen('{orders}', NULL, '{user_id=ann}', NULL), '"ann" "both"', 'one key');
SELECT is(seen('{orders}', NULL, '{user_id=bob}', NULL), '"bob" "both"', 'another value of it');
SELECT is(seen('{orders}', NULL, '{user_id=ann,user_id=bob}', NULL), '"ann" "bob" "both"', 'several values: any of them');
SELECT is(seen('{orders}', NULL, '{user_id=ann}', '{store=north}'), '"ann"', 'two keys: both');
SELECT is(seen('{orders}', NULL, '{store=south}', '{user_id=bob}'), '"both"', 'in any order');
SELECT is(seen('{orders}', NULL, NULL, NULL), '"ann" "bob" "both" "nobody"', 'no key: the whole topic');
SELECT is(seen('{orders}', NULL, '{}', NULL), NULL, 'a key without values: nothing');
SELECT is(seen('{orders}', NULL, '{user_id=}', NULL), NULL, 'a key with an empty value: nothing');
SELECT is(seen('{orders}', '{paid}', NULL, NULL), '"bob"', 'event names');
SELECT is(seen('{orders,other}', '{made}', '{user_id=ann}', NULL), '"ann" "both" "other"', 'several topics');
SELECT is(seen('{nothing}', NULL, NULL, NULL), NULL, 'a topic without events');
SELECT is(seen('{orders}', NULL, '{id=ann}', NULL), NULL, 'the value of another key is no match');
SELECT finish();
