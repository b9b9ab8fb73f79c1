-- UPDATE of the primary key where the event cannot say the former one in `old`: a key column is not told, or the audience
-- moves and some stay in it. Then `left` tells it, to all who had the row: maps must not keep the former one.
SELECT plan(8);
CREATE TABLE named (id int PRIMARY KEY, v int, w int);
CREATE TABLE excluding (id int PRIMARY KEY, v int, owner text);
CREATE TABLE rooms (id int PRIMARY KEY, members text[]);
SELECT herald.watch('named', columns => '{v}'), herald.watch('excluding', columns => '{v,owner}', audience => '{owner}'), herald.watch('rooms', audience => '{members}');
INSERT INTO named VALUES (1, 1, 1), (2, 2, 2);
UPDATE named SET id = 10 WHERE id = 1;
SELECT is(test.told(2), '{"named.update 10","left 1"}', 'a key that is not among the columns changes: an event, and left');
SELECT is(test.map('named'), '[{"v": 1}, {"v": 2}]', 'the map has each row once');
UPDATE named SET w = 9;
SELECT is(test.told(4), '{}', 'a change of nothing that is told is none, as ever');
INSERT INTO excluding VALUES (1, 1, 'ann'), (2, 2, 'bob');
UPDATE excluding SET id = 20, v = 5 WHERE id = 2;
SELECT is(test.map('excluding', '{owner=bob}'), '[{"v": 5, "owner": "bob"}]', 'so where the audience decides');
SELECT is(test.map('excluding', '{owner=ann}'), '[{"v": 1, "owner": "ann"}]', 'and nobody else hears of it');
INSERT INTO rooms VALUES (1, '{ann,bob}');
UPDATE rooms SET id = 2, members = '{bob,cid}';
SELECT is(test.map('rooms', '{members=bob}'), test.rows('rooms'), 'who stays in the audience has the row once');
SELECT is(test.map('rooms', '{members=ann}'), '[]', 'who fell out has it no more');
SELECT is(test.map('rooms', '{members=cid}'), test.rows('rooms'), 'who came has it');
SELECT finish();
