-- A routing column gets another type while sessions write: they go on, and the next event shows it.
SELECT plan(5);
CREATE TABLE things (id int PRIMARY KEY, a int);
SELECT herald.watch('things', audience => '{a}');
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'INSERT INTO things VALUES (1, 1)'), dblink_exec('w', 'UPDATE things SET a = 2'); -- its plans are made
ALTER TABLE things ALTER COLUMN a TYPE text;
SELECT is(dblink_exec('w', $$INSERT INTO things VALUES (2, 'x')$$), 'INSERT 0 1', 'a session that has written before goes on');
SELECT is(dblink_exec('w', $$UPDATE things SET a = 'y' WHERE id = 2$$), 'UPDATE 1', 'with any operation');
SELECT results_eq('SELECT event, audience FROM herald.changes ORDER BY id OFFSET 3',
  $$VALUES ('things.insert', '{a=x}'::text[]), ('things.update', '{a=y}'), ('left', '{a=x}')$$, 'the events are as ever');
SELECT is((SELECT row_was FROM herald.changes WHERE event = 'things.update' ORDER BY id DESC LIMIT 1), NULL, 'and tell the new audience nothing of the old row');
SELECT is((SELECT faults FROM herald.status), NULL, 'there is no fault');
SELECT finish();
