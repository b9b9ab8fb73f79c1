-- A routing or key column that is called otherwise now: writers go on, the topic gets `bulk`, and herald.status has the
-- reason, until the table is watched anew.
SELECT plan(17);
CREATE TABLE things (id int PRIMARY KEY, owner text);
SELECT herald.watch('things', audience => '{owner}');
INSERT INTO things VALUES (1, 'ann');
ALTER TABLE things RENAME COLUMN owner TO holder;

BEGIN;
SELECT lives_ok($$INSERT INTO things VALUES (2, 'ann'), (3, 'bob')$$, 'rows come though a routing column is renamed');
SELECT lives_ok($$UPDATE things SET holder = 'eve'$$, 'rows change');
SELECT lives_ok('DELETE FROM things WHERE id = 3', 'rows go');
COMMIT;
SELECT is((SELECT array_agg(id || holder ORDER BY id) FROM things), '{1eve,2eve}', 'all of it is done');
SELECT test.tell();
SELECT is(test.events(), '{things.insert,bulk}', 'the transaction is one bulk event');
SELECT is(test.last(), '{"topic": "things", "reason": "fault"}', 'which says the topic and that it is a fault');
SELECT is((SELECT audience FROM herald.changes WHERE event = 'bulk'), '{*}', 'to everyone on the topic');
SELECT is((SELECT faults FROM herald.status), '{"things": "record \"new\" has no field \"owner\""}', 'the status says which table and why');
DELETE FROM things WHERE id = 2;
SELECT test.tell();
SELECT is((test.events())[3:], '{bulk}', 'the next transaction is told as well');
SELECT is((SELECT faults FROM herald.status), '{"things": "record \"old\" has no field \"owner\""}', 'the status says the last reason');
TRUNCATE things;
SELECT is((test.events())[4:], '{things.truncate}', 'a truncate, which routes by no column, is an event as ever');

SELECT herald.watch('things', audience => '{holder}');
SELECT is((SELECT faults FROM herald.status), NULL, 'watching anew takes the fault away');
INSERT INTO things VALUES (4, 'ann');
SELECT is((SELECT (event, audience)::text FROM herald.changes ORDER BY id DESC LIMIT 1), '(things.insert,{holder=ann})', 'and heals it');

ALTER TABLE things RENAME COLUMN id TO number;
SELECT lives_ok($$INSERT INTO things VALUES (5, 'ann'), (6, 'ann')$$, 'rows come though a key column is renamed');
SELECT test.tell();
SELECT is((test.events())[6:], '{bulk}', 'and are one bulk event');
SELECT herald.watch('things', audience => '{holder}');
DELETE FROM things WHERE number = 5;
SELECT is(test.last() -> 'key', '{"number": 5}', 'watching anew heals that too');
SELECT is((SELECT faults FROM herald.status), NULL, 'and no fault is left');
SELECT finish();
