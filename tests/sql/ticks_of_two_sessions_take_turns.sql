-- Two tickers at once: the second waits for the first, then sees its tick; no change is in two ticks.
SELECT plan(4);
CREATE TABLE things (id int);
SELECT herald.watch('things');
SELECT dblink_connect('a', test.self()), dblink_connect('b', test.self());
INSERT INTO things VALUES (1);
SELECT dblink_exec('a', 'BEGIN');
SELECT is((SELECT t FROM dblink('a', 'SELECT herald.tick()') AS r(t bigint)), 2::bigint, 'the first makes the tick');
SELECT dblink_send_query('b', 'SELECT herald.tick()');
INSERT INTO things VALUES (2);
SELECT is(dblink_is_busy('b'), 1, 'the second waits while the first is open');
SELECT dblink_exec('a', 'COMMIT');
SELECT t AS second FROM dblink_get_result('b') AS r(t bigint) \gset
SELECT * FROM dblink_get_result('b') AS r(t bigint);
SELECT is(:second::bigint, 3::bigint, 'then makes the next, of what came meanwhile');
SELECT is((SELECT array_agg(tick) FROM herald.read(0)), '{2,3}', 'each change is in one tick');
SELECT finish();
