-- Nobody makes ticks while no daemon runs, and what is in no tick never grows old: pruning makes one, so that cron alone keeps the log.
SELECT plan(5);
CREATE TABLE things (id int);
SELECT herald.watch('things');
INSERT INTO things VALUES (1);
SELECT herald.prune('1 hour');
SELECT is((SELECT tick FROM herald.head()), 1::bigint, 'where ticks are made it makes none');
UPDATE herald.ticks SET at = at - interval '2 min';
SELECT herald.prune('1 hour');
SELECT is((SELECT tick FROM herald.head()), 2::bigint, 'where none was made for a minute it makes one');
SELECT is((SELECT count(*) FROM herald.changes), 1::bigint, 'what is young stays');
UPDATE herald.ticks SET at = at - interval '2 hours';
INSERT INTO things VALUES (2);
SELECT herald.prune('1 hour');
UPDATE herald.ticks SET at = at - interval '2 hours';
SELECT is(herald.prune('1 hour'), 1::bigint, 'what has become old goes');
SELECT is(test.delivered(0), '{things.insert}', 'what came last is still to be read');
SELECT finish();
