-- Watching anew and a rule forget the last fault of a table, in a transaction that may stay open. Writers with another fault do not wait for
-- its end; and who watches does not wait for a writer that is open with a fault.
SELECT plan(7);
CREATE TABLE things (id int PRIMARY KEY, n int);
SELECT herald.watch('things'), herald.rule('things', 'made', 'insert', NULL, 'to_jsonb(1 / NEW.n)');
SELECT dblink_connect('admin', test.self()), dblink_connect('writer', test.self()), dblink_exec('writer', 'SET statement_timeout = ''30s''');
CREATE PROCEDURE old_fault() LANGUAGE sql AS $$ UPDATE herald.faults SET at = at - interval '1 min' $$;
INSERT INTO things VALUES (1, 0);
CALL old_fault();

SELECT dblink_exec('admin', 'BEGIN; DO $$ BEGIN PERFORM herald.watch(''things''); END $$');
SELECT is(dblink_exec('writer', 'INSERT INTO things VALUES (2, 0)'), 'INSERT 0 1', 'a writer goes on while somebody watches');
SELECT dblink_exec('admin', 'COMMIT');
SELECT is((SELECT count(*) FROM herald.faults), 0::bigint, 'the fault is forgotten');
INSERT INTO things VALUES (3, 0);
SELECT is((SELECT count(*) FROM herald.faults), 1::bigint, 'the next one is kept');
CALL old_fault();
ALTER TABLE things ADD COLUMN a int;
ALTER TABLE things RENAME TO goods;
SELECT dblink_exec('admin', 'BEGIN; DO $$ BEGIN PERFORM test.look(); END $$');
SELECT is(dblink_exec('writer', 'INSERT INTO goods VALUES (4, 0)'), 'INSERT 0 1', 'and while a look makes its capture anew');
SELECT dblink_exec('admin', 'COMMIT');
SELECT is((SELECT count(*) FROM herald.faults), 0::bigint, 'which forgets it too');

SELECT dblink_exec('writer', 'BEGIN; INSERT INTO goods VALUES (5, 0)');
SELECT dblink_exec('admin', 'SET statement_timeout = ''30s''; DO $$ BEGIN PERFORM herald.rule(''goods'', ''more'', ''insert''); END $$');
SELECT dblink_exec('writer', 'COMMIT');
SELECT is((SELECT count(*) FROM herald.faults), 1::bigint, 'what an open writer could not tell stays a fault');
SELECT herald.watch('goods');
SELECT is((SELECT count(*) FROM herald.faults), 0::bigint, 'until it is watched anew');
SELECT finish();
