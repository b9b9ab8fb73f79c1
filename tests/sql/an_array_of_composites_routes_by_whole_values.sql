-- A routing column that is an array of composites: one key for each element, the text of the whole element, whatever the names
-- of its fields are.
BEGIN;
SELECT plan(2);
CREATE TYPE pair AS (e text, n int);
CREATE TYPE other AS (a text, n int);
CREATE TABLE things (id int PRIMARY KEY, pairs pair[], others other[]);
SELECT herald.watch('things', audience => '{pairs,others}');
INSERT INTO things VALUES (1, ARRAY[('x', 1), ('y', 2)]::pair[], ARRAY[('x', 1), NULL]::other[]);
SELECT is((SELECT audience FROM herald.changes), ARRAY['pairs=(x,1)', 'pairs=(y,2)', 'others=(x,1)', NULL], 'the whole element');
UPDATE things SET pairs = ARRAY[('x', 9), ('y', 2)]::pair[];
SELECT is((SELECT unless FROM herald.changes WHERE event = 'left'), ARRAY['pairs=(x,9)', 'pairs=(y,2)', 'others=(x,1)', NULL], 'of which each part counts');
SELECT finish();
ROLLBACK;
