-- herald.mute(): of all that a transaction changes from then on, each watched table yields one `bulk` event.
SELECT plan(11);
CREATE TABLE one (id int PRIMARY KEY, owner text);
CREATE TABLE two (id int PRIMARY KEY);
CREATE TABLE three (id int PRIMARY KEY);
CREATE TABLE unwatched (id int);
SELECT herald.watch('one', audience => '{owner}'), herald.watch('two', topic => 'second'), herald.watch('three');
SELECT herald.rule('two', 'made', 'insert', '1 / NEW.id > 0');
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'LISTEN herald');
SELECT test.listen();

BEGIN;
INSERT INTO one VALUES (0, 'ann');
SELECT herald.mute();
INSERT INTO one SELECT g, 'ann' FROM generate_series(1, 100) g;
INSERT INTO two SELECT generate_series(0, 9);
UPDATE one SET owner = 'bob';
DELETE FROM one WHERE id > 50;
TRUNCATE two;
INSERT INTO unwatched VALUES (1);
COMMIT;
SELECT is(test.events(), '{one.insert,bulk,bulk}', 'a hundred rows of a table are one event; what was before mute is as ever');
SELECT is((SELECT array_agg(topic ORDER BY id) FROM herald.changes WHERE event = 'bulk'), '{one,second}', 'each table that was changed has one');
SELECT is((SELECT array_agg(data ORDER BY id) FROM herald.changes WHERE event = 'bulk'),
  ARRAY['{"topic": "one", "reason": "muted"}', '{"topic": "second", "reason": "muted"}']::jsonb[], 'which says the topic and the reason');
SELECT is((SELECT array_agg(DISTINCT audience) FROM herald.changes WHERE event = 'bulk'), ARRAY[['*']], 'to everyone on the topic');
SELECT is((SELECT faults FROM herald.status), NULL, 'rules are not even evaluated');
SELECT is(test.heard('w'), '{herald:}', 'it rings at its commit');

INSERT INTO one VALUES (200, 'ann');
SELECT is((test.events())[4:], '{one.insert}', 'the next transaction is not muted');
BEGIN;
SELECT herald.mute();
DELETE FROM one WHERE id = 200;
COMMIT;
SELECT is((test.events())[5:], '{bulk}', 'one that is has its own bulk event');
BEGIN;
SELECT herald.mute(), herald.publish('one', 'said', '1');
COMMIT;
SELECT is((test.events())[6:], '{said}', 'without a change there is none; publish is heard as ever');
SELECT herald.tick();
SELECT is(test.delivered(0), '{one.insert,bulk,bulk,one.insert,bulk,said}', 'ticks deliver bulk events in their place');
SELECT is((SELECT array_agg(event) FROM herald.replay(1, 0, 99, '{one}', '{something}', '{owner=eve}', NULL, NULL, NULL, 10) WHERE id >= 0),
  '{bulk,bulk}', 'whatever a stream filters and matches');
SELECT finish();
