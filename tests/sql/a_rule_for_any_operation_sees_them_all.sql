-- Operation `any` stands for insert, update, delete and truncate; a named one for itself only.
BEGIN;
SELECT plan(6);
CREATE TABLE things (id int PRIMARY KEY, a int);
SELECT herald.watch('things');
SELECT herald.rule('things', 'changed', 'any', data => $$jsonb_build_object('new', NEW.a, 'old', OLD.a)$$);
SELECT herald.rule('things', 'gone', 'delete', data => $$jsonb_build_object('id', OLD.id)$$);
INSERT INTO things VALUES (1, 10);
SELECT is(test.last(), '{"new": 10, "old": null}', 'an insert has no OLD');
UPDATE things SET a = 20;
SELECT is(test.last(), '{"new": 20, "old": 10}', 'an update has both');
DELETE FROM things;
SELECT is(test.last(2), '{"new": null, "old": 20}', 'a delete has no NEW');
SELECT is(test.last(), '{"id": 1}', 'the rule for deletes sees it as well');
TRUNCATE things;
SELECT is(test.last(), '{"new": null, "old": null}', 'a truncate has neither');
SELECT is(test.events(), '{changed,changed,changed,gone,changed}', 'and nothing else was an event');
SELECT finish();
ROLLBACK;
