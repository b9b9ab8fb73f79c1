-- A routing column, a key column or one that a rule asks for is gone: writers go on, the topic gets `bulk` events.
SELECT plan(15);
CREATE TABLE things (id int PRIMARY KEY, owner text, size int);
SELECT herald.watch('things', audience => '{owner}');
ALTER TABLE things DROP COLUMN owner;
SELECT lives_ok('INSERT INTO things VALUES (1, 1), (2, 2)', 'rows come though a routing column is gone');
SELECT lives_ok('UPDATE things SET size = 3', 'rows change');
SELECT test.tell();
SELECT is(test.events(), '{bulk}', 'and both are one bulk event');
SELECT is((SELECT faults FROM herald.status), '{"things": "record \"new\" has no field \"owner\""}', 'the status says why');
SELECT throws_ok($$SELECT herald.watch('things', audience => '{owner}')$$, '42703', NULL, 'the column cannot be watched any more');
SELECT herald.watch('things', audience => '{}');
DELETE FROM things WHERE id = 1;
SELECT is(test.last() -> 'old', '{"id": 1, "size": 3}', 'without it the watch is whole again');

ALTER TABLE things DROP COLUMN id;
SELECT lives_ok('INSERT INTO things VALUES (4)', 'rows come though the key is gone');
SELECT test.tell();
SELECT is((test.events())[3:], '{bulk}', 'and are a bulk event');
SELECT herald.watch('things');
INSERT INTO things VALUES (5);
SELECT is(test.last() -> 'key', 'null', 'watched anew, the table has no key');

SELECT herald.rule('things', 'big', 'any', 'NEW.size > 10');
ALTER TABLE things RENAME COLUMN size TO width;
SELECT lives_ok('INSERT INTO things VALUES (50)', 'rows come though a rule asks for a column that is gone');
SELECT test.tell();
SELECT is((test.events())[5:], '{bulk}', 'and are a bulk event');
SELECT is((SELECT faults FROM herald.status), '{"things": "record \"new\" has no field \"size\""}', 'the status says why');
SELECT herald.unrule('things');
SELECT herald.rule('things', 'big', 'any', 'NEW.width > 10');
SELECT is((SELECT faults FROM herald.status), NULL, 'a rule that is mended takes the fault away');
INSERT INTO things VALUES (60);
SELECT is((test.events())[6:], '{big}', 'and heals it');
SELECT is((SELECT array_agg(width ORDER BY width) FROM things), '{3,4,5,50,60}', 'no row was lost on the way');
SELECT finish();
