-- herald.read and herald.replay hand out what a default event is composed of: its constant members, key, row_now, row_was.
SELECT plan(9);
CREATE TABLE things (id int PRIMARY KEY, a text);
CREATE TABLE ruled (id int PRIMARY KEY);
SELECT herald.watch('things', audience => '{a}'), herald.watch('ruled');
SELECT herald.rule('ruled', 'made', 'insert', data => 'to_jsonb(NEW.id)'), herald.rule('ruled', 'whole', 'insert');
INSERT INTO things VALUES (1, 'x');
UPDATE things SET id = 2;
UPDATE things SET a = 'y';
DELETE FROM things;
TRUNCATE things;
INSERT INTO ruled VALUES (7);
SELECT herald.tick();
CREATE FUNCTION states(name text, n int DEFAULT 1) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' | ', data, coalesce(key, '-'), coalesce(row_now, '-'), coalesce(row_was, '-'))
    FROM herald.read(0) WHERE event = name ORDER BY tick, id OFFSET n - 1 LIMIT 1 $$;

SELECT is(states('things.insert'), '{"op": "insert", "table": "public.things"} | {"id": 1} | {"a": "x", "id": 1} | -', 'an insert');
SELECT is(states('things.update'), '{"op": "update", "table": "public.things"} | {"id": 2} | {"a": "x", "id": 2} | {"a": "x", "id": 1}', 'an update');
SELECT is(states('things.update', 2), '{"op": "update", "table": "public.things"} | {"id": 2} | {"a": "y", "id": 2} | -', 'an update that moves the row');
SELECT is(states('left'), '{"key": {"id": 2}, "topic": "things"} | - | - | -', 'left');
SELECT is(states('things.delete'), '{"op": "delete", "table": "public.things"} | {"id": 2} | - | {"a": "y", "id": 2}', 'a delete');
SELECT is((SELECT array_agg(coalesce(key, row_now, row_was)) FROM herald.read(0) WHERE event = 'things.truncate'), '{NULL}', 'a truncate has no row');
SELECT is(states('made'), '7 | - | - | -', 'a rule''s data is as the rule says');
SELECT is(states('whole'), '{"op": "insert", "table": "public.ruled"} | {"id": 7} | {"id": 7} | -', 'a rule without data of its own has the states of a default event');
SELECT is((SELECT array_agg(r ORDER BY r.tick, r.id) FROM herald.replay(1, 0, 2, '{things,ruled}', NULL, NULL, NULL, NULL, NULL, 100) r WHERE id >= 0)::text,
  (SELECT array_agg(r ORDER BY r.tick, r.id) FROM herald.read(0) r WHERE event <> 'left')::text, 'a replay hands out the same as a read');
SELECT finish();
