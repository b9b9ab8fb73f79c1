-- A change that is no event wakes nobody.
SELECT plan(7);
CREATE TABLE things (id int PRIMARY KEY, a int, hidden int);
SELECT herald.watch('things', exclude => '{hidden}');
SELECT herald.rule('things', 'big', 'any', 'NEW.a > 10');
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'LISTEN herald');
SELECT test.listen();

SELECT dblink_exec('w', 'INSERT INTO things VALUES (1, 5)');
SELECT is(test.heard('w'), '{}', 'a rule that does not hold does not ring');
SELECT dblink_exec('w', 'DELETE FROM things');
SELECT is(test.heard('w'), '{}', 'nor one whose condition is NULL');
SELECT dblink_exec('w', 'INSERT INTO things VALUES (2, 11), (3, 1)');
SELECT is(test.heard('w'), '{herald:}', 'one that holds does');
SELECT dblink_exec('w', 'UPDATE things SET hidden = 1');
SELECT is(test.heard('w'), '{}', 'a change of excluded columns only does not');

CREATE TABLE owned (id int PRIMARY KEY, owner text);
SELECT herald.watch('owned', audience => '{owner}');
SELECT herald.rule('owned', 'never', 'any', 'false');
SELECT dblink_exec('w', $$INSERT INTO owned VALUES (1, 'ann')$$);
SELECT is(test.heard('w'), '{}', 'a row that is no event does not');
SELECT dblink_exec('w', $$UPDATE owned SET owner = 'bob'$$);
SELECT is(test.heard('w'), '{herald:}', 'but when it moves, left rings, though no rule holds');
SELECT is(test.events(), '{big,left}', 'and these were all');
SELECT finish();
