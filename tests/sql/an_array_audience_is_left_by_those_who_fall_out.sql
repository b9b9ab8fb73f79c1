-- With an array as routing column, only those who are in it no more get `left`.
SELECT plan(4);
CREATE TABLE rooms (id int PRIMARY KEY, members text[]);
SELECT herald.watch('rooms', audience => '{members}');
INSERT INTO rooms VALUES (1, '{ann,bob}');
SELECT herald.tick();
UPDATE rooms SET members = '{bob,cid}';
SELECT herald.tick();
CREATE FUNCTION seen(key text) RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(event ORDER BY tick, id) FILTER (WHERE id >= 0), '{}')
    FROM herald.replay(2, 9999999, 3, '{rooms}', NULL, ARRAY[key], NULL, NULL, NULL, 100) $$;

SELECT is(seen('members=ann'), '{left}', 'who fell out gets left');
SELECT is(seen('members=bob'), '{rooms.update}', 'who stayed gets the change');
SELECT is(seen('members=cid'), '{rooms.update}', 'who came gets the change');
SELECT is(seen('members=dan'), '{}', 'who never was in it gets nothing');
SELECT finish();
