-- INHERITS: triggers of a parent do not see the rows of its children, so it is refused; the children can be watched.
BEGIN;
SELECT plan(5);
CREATE TABLE animals (id int PRIMARY KEY, name text);
CREATE TABLE cats (lives int) INHERITS (animals);
SELECT throws_ok($$SELECT herald.watch('animals')$$, '42809',
  'pgherald: cannot watch ''public.animals'': it has children by INHERITS, whose changes its triggers do not see: watch each of them',
  'a parent by INHERITS is refused, with a way out');
SELECT lives_ok($$SELECT herald.watch('cats')$$, 'a child is not');
INSERT INTO cats VALUES (1, 'tom', 9);
UPDATE animals SET name = 'tim';
SELECT is((SELECT array_agg(row_now ORDER BY id) FROM herald.changes),
  ARRAY['{"id": 1, "name": "tom", "lives": 9}', '{"id": 1, "name": "tim", "lives": 9}']::jsonb[], 'its rows are events, also when changed by way of the parent');
INSERT INTO animals VALUES (2, 'rex');
SELECT is(test.events(), '{cats.insert,cats.update}', 'the parent''s own are not');
ALTER TABLE cats NO INHERIT animals;
SELECT lives_ok($$SELECT herald.watch('animals')$$, 'without children the parent is an ordinary table');
SELECT finish();
ROLLBACK;
