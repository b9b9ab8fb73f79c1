-- Cascades: rows that PostgreSQL itself deletes, empties or changes for a foreign key are events of their own table.
SELECT plan(9);
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE gone (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE freed (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE reset (id int PRIMARY KEY, parent int DEFAULT 9 REFERENCES parents ON DELETE SET DEFAULT ON UPDATE SET NULL);
INSERT INTO parents VALUES (1), (2), (9);
SELECT herald.watch('parents'), herald.watch('gone'), herald.watch('freed', audience => '{parent}'), herald.watch('reset');
INSERT INTO gone VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO freed VALUES (1, 1), (2, 2);
INSERT INTO reset VALUES (1, 1), (2, 2);
CREATE FUNCTION of(name text, skip int) RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(e ORDER BY n), '{}') FROM unnest(test.told(skip)) WITH ORDINALITY AS t(e, n) WHERE e LIKE name || '.%' $$;

DELETE FROM parents WHERE id = 1;
SELECT is(of('parents', 7), '{"parents.delete 1"}', 'the parent that is deleted is one event');
SELECT bag_eq($$SELECT unnest(of('gone', 7))$$, $$VALUES ('gone.delete 1'), ('gone.delete 2')$$, 'ON DELETE CASCADE: each child is deleted');
SELECT is(of('freed', 7), '{"freed.update 1"}', 'ON DELETE SET NULL: the child is updated');
SELECT is((SELECT row_now FROM herald.changes WHERE event = 'reset.update'), '{"id": 1, "parent": 9}', 'ON DELETE SET DEFAULT: with its default');
UPDATE parents SET id = 20 WHERE id = 2;
SELECT is((SELECT array_agg(herald.event_data(c) -> 'old' ORDER BY id) FROM herald.changes c WHERE event = 'gone.update'), ARRAY['{"parent": 2}']::jsonb[],
  'ON UPDATE CASCADE: the child is updated');
SELECT is((SELECT array_agg(audience ORDER BY id) FROM herald.changes WHERE event = 'left'), ARRAY[['parent=1'], ['parent=2']],
  'who was routed by the reference is left');
SELECT is(ARRAY[test.map('gone'), test.map('freed'), test.map('reset')], ARRAY[test.rows('gone'), test.rows('freed'), test.rows('reset')], 'maps equal the tables');

CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree ON DELETE CASCADE ON UPDATE CASCADE);
SELECT herald.watch('tree');
INSERT INTO tree VALUES (1, 1), (2, 1), (3, 2);
UPDATE tree SET id = 10 WHERE id = 1;
SELECT is(test.map('tree'), test.rows('tree'), 'a table that refers to itself, rows that refer to themselves');
DELETE FROM tree WHERE id = 10;
SELECT is(test.map('tree'), '[]', 'a whole tree goes with its root');
SELECT finish();
