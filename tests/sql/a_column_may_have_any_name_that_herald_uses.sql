-- Names that the capture, the log and PL/pgSQL have for their own things are names like any other.
BEGIN;
SELECT plan(9);
CREATE TABLE odd (id int, key int, e text, row_now int, row_was int, seen_by text[], left_by text, left_key text, data jsonb, data_1 text, topic text, event text, audience text,
  "unless" text, xid text, "new" int, "old" int, "NEW" int, tg_op text, tg_relid int, found boolean, w text, n int, value int, rec text, herald text, changes text, "*" text,
  "1" text, PRIMARY KEY (id, key, e));
SELECT herald.watch('odd', audience => '{seen_by,e,key,*}');
INSERT INTO odd (id, key, e, seen_by, "new", "old", "NEW", found, tg_op, "*") VALUES (1, 2, 'e', '{s,t}', 10, 20, 30, false, 'DELETE', '*');
SELECT is((SELECT audience FROM herald.changes), '{seen_by=s,seen_by=t,e=e,key=2,*=*}', 'they route');
SELECT is(test.last() -> 'key', '{"id": 1, "key": 2, "e": "e"}', 'they are keys');
SELECT is(test.last() -> 'row', (SELECT to_jsonb(o) FROM odd o), 'they are told');
UPDATE odd SET "new" = 11, tg_op = 'INSERT', row_was = 5;
SELECT is(test.last() -> 'old', '{"new": 10, "tg_op": "DELETE", "row_was": null}', 'their old values are');
UPDATE odd SET seen_by = '{t}', key = 3;
SELECT is(test.told(2), '{"odd.update e,1,3","left e,1,2"}', 'rows are left by them');
SELECT herald.rule('odd', 'chosen', 'any', 'coalesce(NEW."new", OLD."new") > 10 AND NOT coalesce(NEW.found, OLD.found)', 'jsonb_build_array(OLD.key, NEW."NEW", NEW.event, OLD.data_1)');
UPDATE odd SET event = 'x';
SELECT is(test.last(), '[3, 30, "x", null]', 'rules speak of them');
DELETE FROM odd;
SELECT is(test.last(), '[3, null, null, null]', 'also where there is no new row');
SELECT is((SELECT faults FROM herald.status), NULL, 'nothing of it is a fault');
CREATE TABLE changes (id int PRIMARY KEY, topic text);
SELECT herald.watch('changes', audience => '{topic}');
INSERT INTO changes VALUES (1, 'x');
SELECT is(test.last() ->> 'table', 'public.changes', 'a table may be called like the log');
SELECT finish();
ROLLBACK;
