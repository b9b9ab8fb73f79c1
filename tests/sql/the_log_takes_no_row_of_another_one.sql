-- A dump's data that is loaded into a database with a log of its own: rows and ticks of the other log are refused, whatever their
-- transaction ids, so none is ever told as news. A log that has not begun takes them: they come with a restore, and go at its first tick.
SELECT plan(19);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
SELECT herald.tick();
CREATE FUNCTION load(xid xid8) RETURNS void LANGUAGE sql AS $$
  INSERT INTO herald.changes (xid, topic, event, audience, data) VALUES (xid, 'things', 'old', '{*}', '{}') $$;
CREATE FUNCTION load_tick(id bigint, origin text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO herald.ticks (id, since, snapshot, upto, origin) VALUES (id, pg_current_snapshot(), pg_current_snapshot(), 7, origin) $$;
SELECT throws_like(format('SELECT load(%L)', x), 'pgherald: these rows are of another database%', 'an id ' || what || ' is refused')
  FROM (VALUES ('3'::xid8, 'of long ago'), ((SELECT xid::xid8 FROM herald.changes), 'of before'), ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 100000)::text::xid8, 'that is about to come'),
               ('99999999999'::xid8, 'of the future')) v(x, what);
SELECT throws_like('COPY herald.changes (xid, topic, event, audience, data) FROM PROGRAM ''printf "900\tthings\told\t{*}\t{}\n"''', 'pgherald: these rows%', 'so it is by COPY');
SET session_replication_role = replica;
SELECT throws_like('SELECT load(''900'')', 'pgherald: these rows%', 'and by those who load without triggers');
SELECT throws_like('SELECT load_tick(9, ''1/00000001/1/1/1'')', 'pgherald: these rows%', 'ticks too');
RESET session_replication_role;
SELECT throws_like(format('SELECT load_tick(9, %L)', regexp_replace(herald.origin(), '^\d+', '1')), 'pgherald: these rows%', 'a tick of another cluster is refused');
SELECT throws_like(format('SELECT load_tick(9, %L)', regexp_replace(herald.origin(), '^([^/]+/[^/]+)/[0-9]+/', '\1/1/')), 'pgherald: these rows%', 'one of another database of this cluster');
INSERT INTO things VALUES (2);
BEGIN;
SAVEPOINT deep;
INSERT INTO things VALUES (3);
RELEASE deep;
DO $$ BEGIN INSERT INTO things VALUES (4); EXCEPTION WHEN division_by_zero THEN NULL; END $$;
COMMIT;
SELECT is(herald.tick(), 3::bigint, 'what is written here goes on, in subtransactions too');
SELECT is(test.delivered(0), '{things.insert,things.insert,things.insert,things.insert}', 'and is all that is told');

-- ticks that came in all the same, with their triggers disabled
ALTER TABLE herald.ticks DISABLE TRIGGER written_here;
UPDATE herald.ticks SET id = id + 100;
SELECT load_tick(5, regexp_replace(herald.origin(), '^\d+', '1'));
ALTER TABLE herald.ticks ENABLE ALWAYS TRIGGER written_here;
SELECT is(herald.cursor_fault(5), 'restored', 'a cursor of a foreign tick is no cursor of here');
SELECT is(herald.cursor_fault(101), NULL, 'one of here is');

-- restored: the last tick is another cluster's
UPDATE herald.ticks SET origin = regexp_replace(origin, '^\d+', '1');
SELECT lives_ok('SELECT load(''900''), load_tick(300, ''1/00000001/1/1/1'')', 'a dump that is being restored brings its rows');
SELECT herald.tick();
SELECT is((SELECT count(*) FROM herald.changes), 0::bigint, 'which go at the first tick');
-- the same from a dump in two parts, whose first left no tick
DELETE FROM herald.ticks;
DELETE FROM herald.changes;
SELECT lives_ok('SELECT load(''900''), load(''901'')', 'and where there is no tick');
SELECT throws_like('SELECT herald.tick()', 'pgherald: the log has no tick%', 'such a log does not begin by itself');
\ir ../../sql/install.sql
SELECT ok((SELECT upto = 0 AND id > 4096 * 1000 * extract(epoch FROM now() - '2020-01-02') FROM herald.ticks), 'but when herald is installed, far ahead of all ids of before');
SELECT is((SELECT count(*) FROM herald.changes), 0::bigint, 'without what was there');
SELECT finish();
