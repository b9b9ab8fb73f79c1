-- A column that the index of the primary key INCLUDEs does not identify a row. The key that events tell is without it, also where
-- it was a part of the key before.
SELECT plan(3);
CREATE TABLE inc (id int, v text, PRIMARY KEY (id) INCLUDE (v));
SELECT herald.watch('inc');
INSERT INTO inc VALUES (1, 'x');
SELECT is((SELECT key FROM herald.changes WHERE event = 'inc.insert'), '{"id": 1}'::jsonb, 'an event tells the columns of the key alone');
SELECT is(herald.key_columns(w), '{id}', 'as the contract says') FROM herald.watches w;
ALTER TABLE inc DROP CONSTRAINT inc_pkey, ADD PRIMARY KEY (id, v);
SELECT test.look();
ALTER TABLE inc DROP CONSTRAINT inc_pkey, ADD PRIMARY KEY (id) INCLUDE (v);
SELECT test.look();
DELETE FROM inc;
SELECT is((SELECT key FROM herald.changes WHERE event = 'inc.delete'), '{"id": 1}'::jsonb, 'captures follow');
