-- Each rule that a change fulfils is an event, in the order in which the rules were made.
BEGIN;
SELECT plan(6);
CREATE TABLE cards (id int PRIMARY KEY, lane text, status text);
SELECT herald.watch('cards', audience => '{lane}');
SELECT herald.rule('cards', 'moved', 'update', 'NEW.lane <> OLD.lane', $$jsonb_build_object('from', OLD.lane, 'to', NEW.lane)$$);
SELECT herald.rule('cards', 'approved', 'update', $$NEW.status = 'ok' AND OLD.status <> 'ok'$$, $$jsonb_build_object('id', NEW.id)$$);
SELECT herald.rule('cards', 'approved', 'insert', $$NEW.status = 'ok'$$);
SELECT herald.rule('cards', 'touched', 'update');

INSERT INTO cards VALUES (1, 'a', 'new');
SELECT is(test.events(), NULL, 'a table with rules has no default events');
UPDATE cards SET lane = 'b', status = 'ok';
SELECT is(test.events(), '{moved,approved,touched,left}', 'all rules that hold, in the order they were made; then left');
SELECT is((SELECT array_agg(data ORDER BY id) FROM herald.changes WHERE event IN ('moved', 'approved')),
  ARRAY['{"from": "a", "to": "b"}', '{"id": 1}']::jsonb[], 'each with its own data');
SELECT is((SELECT array_agg(DISTINCT audience) FROM herald.changes WHERE event <> 'left'), ARRAY[['lane=b']], 'all for the same audience');
UPDATE cards SET status = 'old';
SELECT is((test.events())[5:], '{touched}', 'rules that do not hold yield nothing');
INSERT INTO cards VALUES (2, 'a', 'ok');
SELECT is((test.events())[6:], '{approved}', 'one event name may have rules for several operations');
SELECT finish();
ROLLBACK;
