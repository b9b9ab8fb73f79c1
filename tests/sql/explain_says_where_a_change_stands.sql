-- herald.explain_change says which tick holds a change; of one that the log has not, why it has not.
SELECT plan(21);
CREATE TABLE things (id int);
SELECT herald.watch('things');
CREATE FUNCTION told(change bigint, VARIADIC names text[]) RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(coalesce(herald.explain_change(change) ->> n, '-'), ' ' ORDER BY o) FROM unnest(names) WITH ORDINALITY u(n, o) $$;
SELECT is(told(1, 'found', 'fault'), 'false ahead', 'in a new log every change is ahead');

SELECT dblink_connect('late', test.self());
SELECT dblink_exec('late', 'BEGIN'), dblink_exec('late', 'INSERT INTO things VALUES (-1)');
INSERT INTO things VALUES (1);
SELECT is(told(2, 'found', 'fault', 'tick'), 'true unticked -', 'what is committed and in no tick is not told yet');
SELECT is(told(1, 'found', 'fault'), 'false open', 'what is not committed may be of a transaction that is open');
SELECT is(told(3, 'found', 'fault'), 'false ahead', 'what has not been drawn is ahead');
SELECT herald.tick();
SELECT is(told(2, 'fault', 'tick'), '- 2', 'then its tick is said');
SELECT is(told(1, 'found', 'fault'), 'false open', 'a tick tells nothing of what is open');
SELECT dblink_exec('late', 'COMMIT');
SELECT is(told(1, 'found', 'fault'), 'true unticked', 'until it commits');
INSERT INTO things VALUES (2);
SELECT herald.tick();
SELECT is(told(1, 'fault', 'tick'), '- 3', 'a late one is of the tick that first saw it');
SELECT is(told(2, 'fault', 'tick'), '- 2', 'and the early one stays where it is');
SELECT is(told(3, 'fault', 'tick', 'oldest', 'last'), '- 3 1 3', 'one of the same tick too; the log reaches from its first tick to its last');

BEGIN; INSERT INTO things VALUES (3); ROLLBACK;
SELECT is(told(4, 'found', 'fault'), 'false absent', 'what was rolled back was never there');
INSERT INTO things VALUES (4);
SELECT herald.tick();
SELECT is(told(4, 'found', 'fault'), 'false absent', 'nor is it when a tick has passed over its number');
SELECT is(told(5, 'tick'), '4', 'which holds the one behind it');

-- Ticks go before their changes: in between a change has none.
UPDATE herald.ticks SET at = at - interval '2 days' WHERE id < 4;
DELETE FROM herald.ticks WHERE id < 3;
SELECT is(told(2, 'found', 'fault', 'tick'), 'true expired -', 'a change whose tick is pruned is expired');
SELECT is(told(1, 'fault', 'tick'), '- 3', 'one of a tick that stays is not');
SELECT herald.prune('1 day');
SELECT is(told(2, 'found', 'fault'), 'false expired', 'then it goes itself');
SELECT is(told(4, 'found', 'fault'), 'false absent', 'what was rolled back behind that still is');

-- Another cluster: a dump was restored, and its log forgotten.
UPDATE herald.ticks SET origin = '1/' || split_part(origin, '/', 2);
SELECT herald.tick();
SELECT is(told(5, 'found', 'fault'), 'false restored', 'in a restored database what was before is unknown');
INSERT INTO things VALUES (6);
SELECT herald.tick();
SELECT is(told(6, 'found', 'fault'), 'true -', 'what comes then is there');
BEGIN; INSERT INTO things VALUES (7); ROLLBACK;
SELECT is(told(5, 'fault'), 'restored', 'what was before stays unknown');
SELECT is(told(7, 'fault'), 'absent', 'and what is rolled back later was never there');
SELECT finish();
