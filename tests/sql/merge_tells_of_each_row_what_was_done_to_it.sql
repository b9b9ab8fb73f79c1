-- MERGE: its insert, update and delete arms are events of their kind; DO NOTHING and unchanged rows are none.
SELECT plan(4);
SELECT :SERVER_VERSION_NUM >= 150000 AS has_merge \gset
\if :has_merge
CREATE TABLE things (id int PRIMARY KEY, v int, owner text);
INSERT INTO things SELECT g, g, 'ann' FROM generate_series(1, 5) g;
SELECT herald.watch('things', audience => '{owner}');
MERGE INTO things t USING (VALUES (1, 10), (2, 0), (3, 3), (4, -1), (6, 60)) AS s (id, v) ON t.id = s.id
  WHEN MATCHED AND s.v = 0 THEN DELETE
  WHEN MATCHED AND s.v < 0 THEN DO NOTHING
  WHEN MATCHED THEN UPDATE SET v = s.v
  WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v, 'bob');
SELECT bag_eq('SELECT unnest(test.told())', $$VALUES ('things.update 1'), ('things.delete 2'), ('things.insert 6')$$,
  'each row that was changed is one event of its kind, the others are none');
SELECT is((SELECT row_was FROM herald.changes WHERE event = 'things.update'), '{"id": 1, "v": 1, "owner": "ann"}', 'an update has the old row');
MERGE INTO things t USING (VALUES (1, 'bob')) AS s (id, owner) ON t.id = s.id WHEN MATCHED THEN UPDATE SET owner = s.owner;
SELECT is(test.told(3), '{"things.update 1","left 1"}', 'a row that MERGE moves to another audience is left by the old one');

CREATE TABLE parts (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
SELECT herald.watch('parts');
INSERT INTO parts VALUES (1, 1), (2, 1), (3, 2);
MERGE INTO parts p USING (VALUES (1, 2), (2, 1), (3, 1), (4, 2)) AS s (id, k) ON p.id = s.id
  WHEN MATCHED AND p.k <> s.k THEN UPDATE SET k = s.k
  WHEN MATCHED THEN DELETE
  WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.k);
SELECT is(test.map('parts'), '[{"k": 1, "id": 3}, {"k": 2, "id": 1}, {"k": 2, "id": 4}]', 'rows that MERGE moves between partitions stay in the map');
\else
SELECT skip('PostgreSQL 14 has no MERGE', 4);
\endif
SELECT finish();
