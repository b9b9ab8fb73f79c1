-- A claim need not be written as its routing column writes it: a GUID in capitals is a uuid, 5 a numeric(10,2), Ann@x a citext.
-- What a type would round, cut or read in another way is another value: such types compare byte for byte.
SELECT plan(41);
CREATE EXTENSION citext SCHEMA public;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN owner_id AS uuid;
CREATE TABLE things (id int PRIMARY KEY, txt text, var varchar(3), num int8, owner owner_id, owners uuid[], price numeric(10, 2), plain numeric, mail citext, mails citext[],
  code char(4), at timestamptz(0), feels mood, yes boolean, bits bit(3), day date, f float8, cash money, "begin" int8);
CREATE FUNCTION test.compares(key text, source text DEFAULT 'claims.x') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM herald.stream('/s', '{things}', match => jsonb_build_object(key, source));
  RETURN (SELECT herald.compares(s) FROM herald.streams s WHERE path = '/s');
END $$;
SELECT is(test.compares('txt'), '{text}', 'before a table is watched all is text');
SELECT herald.watch('things', audience => '{txt,var,num,owner,owners,price,plain,mail,mails,code,at,feels,yes,bits,day,f,cash,begin}');
SELECT is(test.compares(c.name), '{' || c.way || '}', c.name || ' compares as ' || c.way)
  FROM (VALUES ('txt', 'text'), ('var', 'text'), ('num', 'int'), ('owner', 'uuid'), ('owners', 'uuid'), ('price', 'type'), ('plain', 'type'), ('mail', 'type'), ('mails', 'type'), ('code', 'type'),
               ('feels', 'text'), ('at', 'text'), ('day', 'text'), ('f', 'text'), ('cash', 'text'), ('bits', 'text'), ('yes', 'text')) c(name, way);
SELECT is(test.compares('num', 'params.x'), '{text}', 'a parameter is as an authorize function sees it');
SELECT is(test.compares('num', '=05'), '{int}', 'a literal is as the column takes it');
CREATE FUNCTION test.typed(key text, given text[]) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM herald.stream('/s', '{things}', match => jsonb_build_object(key, 'claims.x'));
  RETURN herald.typed('/s', jsonb_build_object(key, given)) -> key;
END $$;
-- what a row routes by, with one of its columns set
CREATE FUNCTION test.routes(key text, value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM things;
  EXECUTE format('INSERT INTO things (id, %I) VALUES (1, %L)', key, value);
  RETURN (SELECT a FROM herald.changes c, unnest(c.audience) a WHERE starts_with(a, routes.key || '=') ORDER BY c.id DESC LIMIT 1);
END $$;
SELECT is(test.typed('owner', '{9F1C0D2E-1111-4222-8333-444455556666,"{9f1c0d2e-1111-4222-8333-444455556666}",x}'), '["9f1c0d2e-1111-4222-8333-444455556666", "x"]', 'GUIDs in capitals and in braces');
SELECT is(test.typed('owners', '{9F1C0D2E11114222-8333-444455556666}'), '["9f1c0d2e-1111-4222-8333-444455556666"]', 'of an array');
SELECT is(test.routes('owner', '9F1C0D2E-1111-4222-8333-444455556666'), 'owner=9f1c0d2e-1111-4222-8333-444455556666', 'as the row routes');
SELECT is(test.typed('num', '{05,5.0,x,99999999999999999999,-0}'), '["0", "5", "5.0", "99999999999999999999", "x"]', 'integers, and what is none stays as it is');
SELECT is(test.typed('price', '{5,5.10,4.999}'), '["4.999", "5", "5.1"]', 'a numeric(10,2) rounds none');
SELECT is(test.routes('price', '5.10'), 'price=5.1', 'as the row routes');
SELECT is(test.typed('plain', '{5.00,005,NaN,1e131071,1e2}'), '["1e131071", "1e2", "5", "NaN"]', 'a numeric prints no more than was given');
SELECT is(test.routes('plain', '5.00'), 'plain=5', 'as the row routes');
SELECT is(test.routes('plain', 'NaN'), 'plain=NaN', 'no number');
SELECT is(test.typed('mail', '{Ann@Example.COM}'), '["ann@example.com"]', 'citext');
SELECT is(test.routes('mail', 'ANN@example.com'), 'mail=ann@example.com', 'as the row routes');
SELECT is(test.routes('mails', '{ANN@example.com}'), 'mails=ann@example.com', 'of an array');
SELECT is(test.typed('code', '{ab,"cd  ",abcde}'), '["ab", "abcde", "cd"]', 'char(4) cuts none');
SELECT is(test.routes('code', 'ab'), 'code=ab', 'as the row routes');
SELECT is(test.routes('begin', '7'), 'begin=7', 'a column may be called like a word of PL/pgSQL');
SELECT is(test.typed('owner', '{}'), '[]', 'no values');

-- two tables: what counts for one is another user's value for the other
CREATE TABLE others (id int PRIMARY KEY, owner text, num int2);
SELECT herald.watch('others', topic => 'things', audience => '{owner,num}');
SELECT is(test.compares('owner'), '{text}', 'columns that compare otherwise compare byte for byte');
SELECT is(test.typed('owner', '{9F1C0D2E-1111-4222-8333-444455556666,x}'), '["9F1C0D2E-1111-4222-8333-444455556666", "x"]', 'and nothing is typed');
SELECT is(test.compares('num'), '{int}', 'integers of two sizes compare alike');
SELECT is(herald.typed('/none', '{"owner": ["X"]}'), '{}', 'a stream that is not there');
ALTER TABLE others ALTER owner TYPE uuid USING NULL;
SELECT is(test.compares('owner'), '{uuid}', 'a column of another type');
SELECT finish();
