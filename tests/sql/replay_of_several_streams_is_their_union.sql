-- herald.replay_many: what any of the facets shows, each change once, in the total order; `left` where none shows the row still.
SELECT plan(19);
CREATE TABLE orders (id int PRIMARY KEY, user_id text, store text);
SELECT herald.watch('orders', audience => '{user_id,store}');
INSERT INTO orders VALUES (1, 'ann', 'north'), (2, 'bob', 'south'), (3, NULL, 'west');
SELECT herald.publish('orders', 'paid', '"bob"', '{"user_id": "bob", "store": "north"}');
SELECT herald.publish('news', 'said', '"news"', '{}');
SELECT herald.tick();
-- What it is, and of which row: 'insert 1'.
CREATE FUNCTION seen(facets jsonb, since bigint DEFAULT 1) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(replace(event, 'orders.', '') || coalesce(' ' || (coalesce(row_now, row_was)::jsonb ->> 'id'), ' ' || (data::jsonb #>> '{key,id}'), ''), ', ' ORDER BY tick, id)
    FROM herald.replay_many(since, CASE since WHEN 1 THEN 0 ELSE 9999 END, 99, facets, 100) WHERE id >= 0 $$;

SELECT is(seen('[{"topics": ["orders"], "key1": ["user_id=ann"]}]'), 'insert 1', 'one facet');
SELECT is(seen('[{"topics": ["orders"], "key1": ["user_id=ann"]}, {"topics": ["orders"], "key1": ["store=north"]}]'), 'insert 1, paid', 'two that overlap: each once');
SELECT is(seen('[{"topics": ["news"]}, {"topics": ["orders"], "key1": ["user_id=bob"]}]'), 'insert 2, paid, said', 'of two topics, in their order');
SELECT is(seen('[{"topics": ["news"]}, {"topics": ["orders"], "events": ["paid"], "key1": ["user_id=bob"]}]'), 'paid, said', 'events narrow their own facet only');
SELECT is(seen('[{"topics": ["orders"], "events": []}, {"topics": ["news"], "events": []}]'), NULL, 'no events: nothing but control events');
SELECT is(seen('[{"topics": ["orders"], "key1": ["user_id=ann"], "key2": ["store=south"]}, {"topics": ["orders"], "key1": ["user_id=bob"], "key2": ["store=south"]}]'),
  'insert 2', 'two keys: both of one facet');
SELECT is(seen('[{"topics": ["orders"], "key1": []}, {"topics": ["orders"], "key1": ["user_id="]}]'), NULL, 'a key without values, or with an empty one: nothing');
SELECT is(seen('[]'), NULL, 'no facet: nothing');

-- Rows leave somebody: 1 its user, 2 its store, 3 comes to have a user.
UPDATE orders SET user_id = 'bob' WHERE id = 1;
UPDATE orders SET store = 'north' WHERE id = 2;
UPDATE orders SET user_id = 'ann', store = NULL WHERE id = 3;
SELECT herald.tick();
SELECT is(seen('[{"topics": ["orders"], "key1": ["user_id=ann"]}]', 2), 'left 1, update 3', 'the user sees one go and one come');
SELECT is(seen('[{"topics": ["orders"], "key1": ["store=north"]}]', 2), 'update 1, update 2', 'its store sees it all the time');
SELECT is(seen('[{"topics": ["orders"], "key1": ["user_id=ann"]}, {"topics": ["orders"], "key1": ["store=north"]}]', 2), 'update 1, update 2, update 3', 'and who has both sees none go');
SELECT is(seen('[{"topics": ["orders"], "key1": ["store=south"]}, {"topics": ["orders"], "key1": ["store=west"]}]', 2), 'left 2, left 3', 'gone for both');
SELECT is(seen('[{"topics": ["orders"], "key1": ["store=west"]}, {"topics": ["orders"], "key1": ["user_id=ann"]}]', 2), 'left 1, update 3',
  'a row that had no value of the other key before');
SELECT is(seen('[{"topics": ["orders"], "events": ["paid"], "key1": ["store=west"]}, {"topics": ["orders"], "events": ["paid"], "key1": ["user_id=ann"]}]', 2),
  'left 1', 'control events pass whatever the events');
SELECT is(seen('[{"topics": ["news"], "key1": ["user_id=bob"]}, {"topics": ["orders"], "key1": ["user_id=ann"]}]', 2), 'left 1, update 3',
  'a facet of another topic says nothing about the row');

-- Random facets against the page of each facet by itself.
INSERT INTO orders SELECT i, 'u' || i % 7, 's' || i % 5 FROM generate_series(10, 400) i;
SELECT herald.tick();
UPDATE orders SET user_id = CASE WHEN id % 11 > 0 THEN 'u' || id % 6 END, store = 's' || id % 4 WHERE id > 9;
SELECT herald.publish('orders', 'paid', '1', '{"user_id": ["u1", "u2"]}');
DELETE FROM orders WHERE id % 13 = 0;
SELECT herald.tick();
SELECT setseed(0.22);
CREATE TABLE sets AS
SELECT s, jsonb_agg(jsonb_strip_nulls(jsonb_build_object('topics', '["orders"]'::jsonb, 'events', CASE WHEN random() < 0.3 THEN '["orders.update", "paid"]'::jsonb END,
         'key1', CASE WHEN random() < 0.8 THEN jsonb_build_array(CASE WHEN random() < 0.5 THEN 'user_id=u' || floor(random() * 7) ELSE 'store=s' || floor(random() * 5) END) END,
         'key2', CASE WHEN random() < 0.3 THEN jsonb_build_array('store=s1', 'store=s2') END))) AS facets
  FROM generate_series(1, 40) s, generate_series(1, 3) f GROUP BY s;
CREATE FUNCTION texts(list jsonb) RETURNS text[] LANGUAGE sql AS $$ SELECT CASE WHEN list IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(list)) END $$;
CREATE FUNCTION model(facets jsonb) RETURNS bigint[] LANGUAGE sql AS $$
  SELECT array_agg(id ORDER BY id) FROM (
    SELECT DISTINCT r.id, r.unless FROM jsonb_array_elements(facets) f,
           herald.replay(1, 0, 99, '{orders}', texts(f -> 'events'), texts(f -> 'key1'), texts(f -> 'key2'), NULL, NULL, 100000) r WHERE r.id >= 0) r
   WHERE r.unless IS NULL OR NOT EXISTS (SELECT FROM jsonb_array_elements(facets) f
     WHERE (f -> 'key1' IS NULL OR r.unless && texts(f -> 'key1')) AND (f -> 'key2' IS NULL OR r.unless && texts(f -> 'key2'))) $$;
SELECT is((SELECT count(*) FROM sets WHERE (SELECT array_agg(r.id ORDER BY r.tick, r.id) FROM herald.replay_many(1, 0, 99, facets, 100000) r WHERE r.id >= 0)
  IS DISTINCT FROM model(facets)), 0::bigint, '40 random sets of facets: as each facet by itself, less what another one still sees');
SELECT cmp_ok((SELECT count(*) FROM sets, herald.replay_many(1, 0, 99, facets, 100000) r WHERE r.event = 'left'), '>', 100::bigint, 'left is among it');

-- Pages put together are the whole, also where they end in the midst of a tick.
CREATE FUNCTION paged(facets jsonb, most int) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  got bigint[] = '{}';
  tick bigint = 1;
  change bigint = 0;
  r record;
  rows int;
BEGIN
  LOOP
    rows := 0;
    FOR r IN SELECT * FROM herald.replay_many(tick, change, 99, facets, most) p WHERE p.id >= 0 LOOP
      got := got || r.id;
      rows := rows + 1;
    END LOOP;
    EXIT WHEN rows = 0;
    tick := r.tick;
    change := r.id;
  END LOOP;
  RETURN got;
END $$;
SELECT is((SELECT count(*) FROM sets WHERE paged(facets, 37) IS DISTINCT FROM coalesce(model(facets), '{}')), 0::bigint, 'page by page it is the same');
SELECT is((SELECT event FROM herald.replay_many(77, 0, 99, '[]', 10)), 'unknown', 'the first row says why a cursor cannot be continued');
SELECT finish();
