-- herald.cursor_fault: expired, unknown, restored, or NULL. Pruned ticks are expired; the last tick stays for ever.
SELECT plan(12);
CREATE TABLE things (id int);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
SELECT herald.tick();
INSERT INTO things VALUES (2);
SELECT herald.tick();
SELECT is(herald.cursor_fault(2), NULL, 'a tick that is retained is no fault');
SELECT is(herald.cursor_fault(0), NULL, 'the beginning is no fault');
SELECT is(herald.cursor_fault(4), 'unknown', 'one ahead of the head is unknown');
SELECT is(herald.cursor_fault(-1), 'unknown', 'a negative one is unknown');
SELECT is(herald.prune('24 hours'), 0::bigint, 'nothing is pruned before its time');

UPDATE herald.ticks SET at = at - interval '2 days' WHERE id < 3;
SELECT is(herald.prune('24 hours'), 0::bigint, 'the tick that ends the retained past keeps its own changes');
SELECT is(herald.cursor_fault(2), NULL, 'and can be continued');
UPDATE herald.ticks SET at = at - interval '2 days';
SELECT is(herald.prune('24 hours'), 1::bigint, 'changes of ticks before it go');
SELECT is(herald.cursor_fault(2), 'expired', 'a tick that has gone is expired');
SELECT is(herald.cursor_fault(3), NULL, 'the last tick stays, however old');
SELECT is(test.delivered(0), '{things.insert}', 'with its changes');
INSERT INTO things VALUES (3);
SELECT is(herald.tick(), 4::bigint, 'and the next follows it');
SELECT finish();
