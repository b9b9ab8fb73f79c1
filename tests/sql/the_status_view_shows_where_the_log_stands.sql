-- herald.status is one row for operators.
SELECT plan(5);
SELECT is((SELECT (head, oldest, watches, streams, tickers)::text FROM herald.status), '(1,1,0,0,0)', 'a new log');
CREATE TABLE things (id int);
SELECT herald.watch('things');
SELECT herald.stream('/things', '{things}');
INSERT INTO things VALUES (1);
SELECT herald.tick();
SELECT is((SELECT (head, oldest, watches, streams, tickers)::text FROM herald.status), '(2,1,1,1,0)', 'head, watches and streams count');
SELECT is((SELECT head FROM herald.status), (SELECT tick FROM herald.head()), 'head is the last tick');
SELECT cmp_ok((SELECT log_bytes FROM herald.status), '>', 0::bigint, 'the log has a size');
SELECT pg_advisory_lock(1751478881, 1);
SELECT is((SELECT tickers FROM herald.status), 1::bigint, 'a ticker is seen by its lock');
SELECT finish();
