-- TRUNCATE of the log by hand: whoever resumes is told; what is written later goes on. At a subscriber of the log, and of both tables at
-- once, TRUNCATE is part of the way (sql/README.md).
SELECT plan(18);
-- test.waits_for(relation): waits until somebody waits for a lock of it, 30 seconds.
CREATE FUNCTION test.waits_for(relation regclass) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 3000 LOOP
    IF EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database -- a copy of the same template has the same numbers
                WHERE d.datname = current_database() AND l.relation = waits_for.relation AND NOT l.granted) THEN RETURN true; END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RETURN false;
END $$;
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
SELECT herald.tick();
INSERT INTO things VALUES (2);
SELECT herald.tick();
SELECT is(herald.cursor_fault(2), NULL, 'a cursor can be continued');
TRUNCATE herald.changes;
SELECT is(herald.cursor_fault(2), 'restored', 'and not after the log was emptied');
SELECT is(herald.cursor_fault(3), 'restored', 'nor can the last one');
SELECT tick AS jumped FROM herald.head() \gset
SELECT ok(:jumped > 4096 * 1000 * extract(epoch FROM now() - '2020-01-02'), 'ids have jumped');
INSERT INTO things VALUES (3);
SELECT is(herald.tick(), :jumped + 1, 'the log goes on from there');
SELECT is(test.delivered(0), '{things.insert}', 'with what is new');
BEGIN;
TRUNCATE herald.changes;
ROLLBACK;
SELECT is(herald.cursor_fault(:jumped + 1), NULL, 'one that is rolled back changes nothing');

-- with very many ticks it takes no longer: they go when the log is pruned, in steps, and count for nobody until then
INSERT INTO herald.ticks SELECT t.id + g, t.snapshot, t.snapshot, t.upto, t.origin, clock_timestamp() FROM herald.ticks t, generate_series(1, 500) g WHERE t.id = :jumped + 1;
TRUNCATE herald.changes;
SELECT tick AS again FROM herald.head() \gset
SELECT cmp_ok((SELECT count(*) FROM herald.ticks), '>', 500::bigint, 'none is taken away while all wait for it');
SELECT is(array[herald.cursor_fault(:jumped + 100), herald.cursor_fault(:again)], '{restored,NULL}', 'nobody can go on from them');
SELECT is((herald.first_tick()).id, :again, 'the first one is that with which the log goes on');
SELECT is(herald.explain_change(1) ->> 'fault', 'restored', 'explain says so');
SELECT is(herald.prune('1 hour', 300), 300::bigint, 'a part of them goes');
SELECT cmp_ok(herald.prune('1 hour', 300), '<', 300::bigint, 'and the rest');
SELECT is((SELECT array_agg(id) FROM herald.ticks), ARRAY[:again], 'what is left is the log');

-- somebody who prunes just then, and waits
INSERT INTO things VALUES (4);
SELECT herald.tick();
INSERT INTO things VALUES (5);
SELECT herald.tick();
UPDATE herald.ticks SET at = at - interval '2 hours' WHERE id < :again + 2;
SELECT dblink_connect('p', test.self());
BEGIN;
TRUNCATE herald.changes;
SELECT dblink_send_query('p', $$SELECT herald.prune('1 hour')$$);
SELECT is(test.waits_for('herald.changes'), true, 'who prunes waits');
COMMIT;
SELECT * FROM dblink_get_result('p') AS r(n bigint);
SELECT is((herald.first_tick()).id, (SELECT max(id) FROM herald.ticks), 'and leaves the log as it was begun anew');

TRUNCATE herald.changes, herald.ticks;
SELECT is((SELECT count(*) FROM herald.ticks), 0::bigint, 'of both tables nothing is left');
\ir ../../sql/install.sql
SELECT ok((SELECT tick FROM herald.head()) > :jumped + 1, 'and installing begins the log, past all of before');
SELECT finish();
