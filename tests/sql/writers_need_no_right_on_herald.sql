-- A role with rights on its own table only writes to it though it is watched, and cannot reach anything of herald.
SELECT plan(8);
CREATE TABLE things (id int PRIMARY KEY, v int);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON things TO PUBLIC;
SELECT herald.watch('things', audience => '{v}');
SELECT 'herald_writer_' || pg_backend_pid() AS writer \gset
CREATE ROLE :writer;
SET ROLE :writer;
INSERT INTO things VALUES (1, 1);
UPDATE things SET v = 2;
DELETE FROM things;
TRUNCATE things;
-- What a writer makes in pg_temp must not come before the real thing: the trigger runs with its owner's rights.
CREATE FUNCTION pg_temp.to_jsonb(things) RETURNS jsonb LANGUAGE sql AS 'SELECT ''"forged"''::jsonb';
CREATE TEMP TABLE changes (id bigint, topic text, event text, audience text[], key jsonb, data jsonb);
INSERT INTO things VALUES (2, 2);
RESET ROLE;
SELECT is(test.events(), '{things.insert,things.update,left,things.delete,things.truncate,things.insert}', 'its writes are events');
SET ROLE :writer;
SELECT throws_ok('SELECT 1 FROM herald.changes', '42501', NULL, 'it cannot read the log');
SELECT throws_ok($$INSERT INTO herald.changes (topic, event, audience, data) VALUES ('t', 'e', '{*}', '{}')$$, '42501', NULL, 'nor write to it');
SELECT throws_ok($$SELECT herald.publish('t', 'e', '{}')$$, '42501', NULL, 'nor publish');
SELECT throws_ok('SELECT herald.tick()', '42501', NULL, 'nor tick');
SELECT throws_ok($$SELECT herald.watch('things')$$, '42501', NULL, 'nor watch');
SELECT throws_ok($$SELECT herald.stream('/x', '{things}')$$, '42501', NULL, 'nor open a stream');
RESET ROLE;
SELECT is(test.last() -> 'row', '{"id": 2, "v": 2}', 'nor put something of its own in the trigger''s way');
DROP OWNED BY :writer;
DROP ROLE :writer;
SELECT finish();
