-- A rule that cannot be evaluated for a row: the writer goes on, and the row is a `bulk` event, whichever other rules hold.
SELECT plan(12);
CREATE TABLE things (id int PRIMARY KEY, a int, b int);
SELECT herald.watch('things');
SELECT herald.rule('things', 'touched', 'any', data => 'to_jsonb(NEW.id)');
SELECT herald.rule('things', 'ratio', 'any', data => 'to_jsonb(NEW.a / NEW.b)');

BEGIN;
INSERT INTO things VALUES (1, 6, 3);
SELECT lives_ok('INSERT INTO things VALUES (2, 6, 0), (3, 6, 0)', 'data that divides by zero fails no writer');
INSERT INTO things VALUES (4, 6, 2);
COMMIT;
SELECT is((SELECT count(*) FROM things), 4::bigint, 'all rows are there');
SELECT test.tell();
SELECT is(test.events(), '{touched,ratio,touched,ratio,bulk}', 'rows that can be told of are, the others are one bulk event');
SELECT is((SELECT data FROM herald.changes WHERE event = 'bulk'), '{"topic": "things", "reason": "fault"}', 'with the reason');
SELECT is((SELECT faults FROM herald.status), '{"things": "division by zero"}', 'the status says what happened');
SELECT cmp_ok((SELECT at FROM herald.faults), '>', now() - interval '1 minute', 'and herald.faults when');
UPDATE things SET b = 0 WHERE id = 1;
SELECT test.tell();
SELECT is((test.events())[6:], '{bulk}', 'what fails after that has its own bulk event');
SELECT herald.tick();
SELECT is((test.delivered(0))[6:], '{bulk}', 'which is delivered');

SELECT herald.unrule('things');
SELECT herald.rule('things', 'small', 'any', 'NEW.a / NEW.b < 1');
SELECT lives_ok('UPDATE things SET a = 7 WHERE id = 1', 'a condition that divides by zero fails no writer');
SELECT test.tell();
SELECT is((test.events())[7:], '{bulk}', 'and is a bulk event too');

-- Two writers that are open at once, both with a fault.
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', 'UPDATE things SET a = 8 WHERE id = 1');
SET lock_timeout = '20s';
SELECT lives_ok('UPDATE things SET a = 8, b = 0 WHERE id = 2', 'no writer with a fault waits for another');
SELECT dblink_exec('w', 'COMMIT');
SELECT test.tell();
SELECT is((test.events())[8:], '{bulk}', 'and one bulk event tells of both');
SELECT finish();
