-- COPY FROM: each row is an insert event, in the order of the file, whatever COPY leaves to defaults.
SELECT plan(6);
CREATE TABLE things (id int PRIMARY KEY, note text DEFAULT 'none', owner text);
SELECT herald.watch('things', audience => '{owner}');
COPY things FROM stdin;
3	c	ann
1	\N	bob
2	b	ann
\.
SELECT is(test.told(), '{things.insert 3,things.insert 1,things.insert 2}', 'each row is an event, in the order they came');
SELECT is(test.map('things', '{owner=ann}'), test.rows('things', $$owner = 'ann'$$), 'each for its own audience');
COPY things (id, owner) FROM stdin (DELIMITER ',');
4,cid
\.
SELECT is(test.last() -> 'row' ->> 'note', 'none', 'a column that the file lacks is told with its default');
COPY things FROM stdin;
\.
SELECT is(test.told(4), '{}', 'a file without rows is no event');
\set ON_ERROR_STOP off
\o /dev/null
COPY things FROM stdin;
5	e	ann
1	twice	ann
\.
\o
\set ON_ERROR_STOP on
SELECT is(test.told(4), '{}', 'a copy that fails is no event, not even its good rows');

CREATE TABLE logs (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE logs_2024 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE logs_2025 PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
SELECT herald.watch('logs');
COPY logs FROM stdin;
1	2025-02-01
2	2024-02-01
3	2025-02-02
\.
SELECT bag_eq($$SELECT (row_now ->> 'id')::int FROM herald.changes WHERE event = 'logs.insert'$$, 'VALUES (1), (2), (3)',
  'rows of several partitions are one event each, COPY fills one after the other');
SELECT finish();
