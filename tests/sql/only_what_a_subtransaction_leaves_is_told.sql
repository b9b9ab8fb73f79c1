-- Savepoints within savepoints and PL/pgSQL's exception blocks: what they keep is told, in order, what they take back is not,
-- and the next statement tells of the row as it is then.
SELECT plan(6);
CREATE TABLE things (id int PRIMARY KEY, v int, owner text);
SELECT herald.watch('things', audience => '{owner}');
BEGIN;
INSERT INTO things VALUES (1, 1, 'ann');
SAVEPOINT a;
UPDATE things SET v = 2;
SAVEPOINT b;
UPDATE things SET v = 3, owner = 'bob';
ROLLBACK TO b;
UPDATE things SET v = 4;
RELEASE a;
SAVEPOINT c;
DELETE FROM things;
ROLLBACK TO c;
COMMIT;
SELECT is(test.told(), '{"things.insert 1","things.update 1","things.update 1"}', 'what is released stays, what is rolled back goes');
SELECT is((SELECT array_agg(coalesce(row_was ->> 'v', '') || '>' || (row_now ->> 'v') ORDER BY id) FROM herald.changes), '{>1,1>2,2>4}', 'each begins at a state that has been');
DO $$
BEGIN
  FOR n IN 2 .. 6 LOOP
    BEGIN
      INSERT INTO things VALUES (n, n, 'ann');
      UPDATE things SET v = v / (n % 2) WHERE id = n;
      UPDATE things SET v = v + 1 WHERE id = n;
    EXCEPTION WHEN division_by_zero THEN
      INSERT INTO things VALUES (n * 10, 0, 'bob');
    END;
  END LOOP;
END $$;
SELECT is((SELECT array_agg(t ORDER BY o) FROM unnest(test.told(3)) WITH ORDINALITY AS t(t, o) WHERE t LIKE '%.insert %'),
  '{"things.insert 20","things.insert 3","things.insert 40","things.insert 5","things.insert 60"}', 'of a block that fails only what its handler does');
SELECT is(test.told(3), '{"things.insert 20","things.insert 3","things.update 3","things.insert 40","things.insert 5","things.update 5","things.insert 60"}',
  'of one that does not all of it');
SELECT is(ARRAY[test.map('things', '{owner=ann}'), test.map('things', '{owner=bob}')],
  ARRAY[test.rows('things', $$owner = 'ann'$$), test.rows('things', $$owner = 'bob'$$)], 'the maps equal the table');
CREATE PROCEDURE commit_halfway() LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.things VALUES (7, 7, 'ann'); COMMIT;
  INSERT INTO public.things VALUES (8, 8, 'ann'); ROLLBACK;
  INSERT INTO public.things VALUES (9, 9, 'ann');
END $$;
CALL commit_halfway();
SELECT is(test.told(10), '{"things.insert 7","things.insert 9"}', 'so of a procedure that commits and rolls back');
SELECT finish();
