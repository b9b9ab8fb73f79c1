-- herald.schema: a check, or a NOT NULL, that was added NOT VALID or is NOT ENFORCED says nothing of rows that were there before.
BEGIN;
SELECT plan(5);
CREATE TABLE things (id int PRIMARY KEY, n int, state text, mood text);
INSERT INTO things VALUES (1, NULL, 'lost', 'odd');
ALTER TABLE things ADD CONSTRAINT known CHECK (state IN ('new', 'done')) NOT VALID;
DO $$ BEGIN PERFORM herald.watch('things'), herald.stream('/things', '{things}'); END $$;
CREATE VIEW test.columns AS SELECT herald.schema() #> '{$defs,row_public.things,properties}' AS c;
SELECT is(c -> 'state', '{"type": ["string", "null"]}', 'a check that is not valid lists nothing') FROM test.columns;
SELECT :SERVER_VERSION_NUM >= 180000 AS has_them \gset
\if :has_them
ALTER TABLE things ADD CONSTRAINT filled NOT NULL n NOT VALID, ADD CONSTRAINT glad CHECK (mood IN ('glad')) NOT ENFORCED;
SELECT is(c -> 'n', '{"type": ["integer", "null"]}', 'a NOT NULL that is not valid leaves null') FROM test.columns;
SELECT is(c -> 'mood', '{"type": ["string", "null"]}', 'a check that is not enforced lists nothing') FROM test.columns;
SELECT test.look() AS told \gset
UPDATE things SET n = 1, state = 'new';
ALTER TABLE things VALIDATE CONSTRAINT filled;
SELECT is(c -> 'n', '{"type": "integer"}', 'when it is valid there is none') FROM test.columns;
SELECT test.look() AS told \gset
SELECT is(:'told', true, 'which is told');
\else
SELECT skip('NOT NULL that is NOT VALID, and NOT ENFORCED, are of PostgreSQL 18', 4);
\endif
SELECT finish();
ROLLBACK;
