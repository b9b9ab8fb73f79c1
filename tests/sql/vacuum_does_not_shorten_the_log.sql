-- VACUUM of an emptied log leaves the file as long as it was: to cut it off it would lock writers out.
SELECT plan(3);
CREATE TABLE things (id int);
SELECT herald.watch('things');
INSERT INTO things SELECT generate_series(1, 5000);
SELECT herald.tick();
INSERT INTO things VALUES (0);
SELECT herald.tick();
CREATE TABLE before AS SELECT pg_relation_size('herald.changes') AS size;
SELECT is(herald.prune('0', 100000), 5000::bigint, 'all but the last tick is pruned');
DELETE FROM herald.changes;
VACUUM herald.changes;
SELECT is((SELECT count(*) FROM herald.changes), 0::bigint, 'nothing is left');
SELECT is(pg_relation_size('herald.changes'), (SELECT size FROM before), 'and the pages wait for the next ones');
SELECT finish();
