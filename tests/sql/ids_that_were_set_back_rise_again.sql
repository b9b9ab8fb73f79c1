-- The data of a dump sets sequences, that of change ids too, perhaps below what was given out here. The next tick raises it again, and its
-- cursor stands behind all that it holds.
SELECT plan(5);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
INSERT INTO things SELECT generate_series(1, 20);
SELECT herald.tick();
SELECT upto AS before FROM herald.head() \gset
INSERT INTO things VALUES (21);
SELECT setval('herald.change_id', 3);
INSERT INTO things VALUES (22);
SELECT ok((SELECT last_value FROM herald.change_id) < :before, 'ids went back');
SELECT is(herald.tick(), 3::bigint, 'a tick');
SELECT is((SELECT upto FROM herald.head()), (SELECT max(id) FROM herald.changes), 'whose cursor is behind all that it holds');
INSERT INTO things VALUES (23);
SELECT is((SELECT id FROM herald.changes WHERE key ->> 'id' = '23'), (SELECT upto + 1 FROM herald.head()), 'ids go on above');
SELECT herald.tick();
SELECT is((SELECT array_agg(key::jsonb ->> 'id' ORDER BY tick, id) FROM herald.read(4)), '{23}', 'and each change is told once');
SELECT finish();
