-- Routing keys are the text of a value; of an array the text of each element, also of a domain over one, and of each dimension.
BEGIN;
SELECT plan(10);
CREATE TYPE mood AS ENUM ('sad', 'fine');
CREATE DOMAIN code AS text;
CREATE DOMAIN codes AS code[];
CREATE TYPE pair AS (a int, b text);
CREATE TABLE things (id int PRIMARY KEY, mood mood, code code, codes codes, moods mood[], grid int[], uids uuid[], pair pair, yes boolean, doc jsonb, num numeric, fixed char(4));
CREATE FUNCTION audience_of(columns text[]) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM things;
  PERFORM herald.watch('things', audience => columns);
  INSERT INTO things VALUES (1, 'fine', 'c', '{x,y}', '{sad,fine}', '{{1,2},{3,4}}', '{00000000-0000-4000-8000-00000000000A}', (1, 'b c'), true, '{"a":  1}', 1.50, 'ab');
  RETURN (SELECT audience FROM herald.changes ORDER BY id DESC LIMIT 1);
END $$;
SELECT is(audience_of('{mood}'), '{mood=fine}', 'an enum');
SELECT is(audience_of('{code}'), '{code=c}', 'a domain');
SELECT is(audience_of('{codes}'), '{codes=x,codes=y}', 'a domain over an array');
SELECT is(audience_of('{moods}'), '{moods=sad,moods=fine}', 'an array of an enum');
SELECT is(audience_of('{grid}'), '{grid=1,grid=2,grid=3,grid=4}', 'an array of two dimensions');
SELECT is(audience_of('{uids}'), '{uids=00000000-0000-4000-8000-00000000000a}', 'an array of uuids');
SELECT is(audience_of('{pair}'), ARRAY['pair=(1,"b c")'], 'a composite value');
SELECT is(audience_of('{yes,num}'), '{yes=true,num=1.5}', 'a boolean, and a number without zeros at its end');
SELECT is(audience_of('{doc}'), ARRAY['doc={"a": 1}'], 'jsonb');
UPDATE things SET pair = (2, NULL);
SELECT is((SELECT array_agg(event ORDER BY id) FROM herald.changes WHERE event IN ('left', 'things.update')), '{things.update}', 'a column that does not route moves nothing');
SELECT finish();
ROLLBACK;
