-- A claim need not be written as its routing column writes it: a GUID in capitals is a uuid, 5 a numeric(10,2), Ann@x a citext.
-- What a type would cut or round is another value.
SELECT plan(34);
CREATE EXTENSION citext SCHEMA public;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN owner_id AS uuid;
CREATE TABLE things (id int PRIMARY KEY, txt text, var varchar(3), num int8, owner owner_id, owners uuid[], price numeric(10, 2), plain numeric, mail citext, mails citext[],
  code char(4), at timestamptz(0), feels mood, yes boolean, bits bit(3), day date);
CREATE FUNCTION test.compares(key text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM herald.stream('/s', '{things}', match => jsonb_build_object(key, 'claims.x'));
  RETURN (SELECT herald.compares(s) FROM herald.streams s WHERE path = '/s');
END $$;
SELECT is(test.compares('txt'), '{text}', 'before a table is watched all is text');
SELECT herald.watch('things', audience => '{txt,var,num,owner,owners,price,plain,mail,mails,code,at,feels,yes,bits,day}');
SELECT is(test.compares(c.name), '{' || c.way || '}', c.name || ' compares as ' || c.way)
  FROM (VALUES ('txt', 'text'), ('var', 'text'), ('num', 'int'), ('owner', 'uuid'), ('owners', 'uuid'), ('price', 'type'), ('mail', 'type'), ('feels', 'text'), ('at', 'type')) c(name, way);
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
SELECT is(test.typed('owner', '{9F1C0D2E-1111-4222-8333-444455556666,"{9f1c0d2e-1111-4222-8333-444455556666}",x}'), '["9f1c0d2e-1111-4222-8333-444455556666"]', 'GUIDs in capitals and in braces');
SELECT is(test.typed('owners', '{9F1C0D2E11114222-8333-444455556666}'), '["9f1c0d2e-1111-4222-8333-444455556666"]', 'of an array');
SELECT is(test.routes('owner', '9F1C0D2E-1111-4222-8333-444455556666'), 'owner=9f1c0d2e-1111-4222-8333-444455556666', 'as the row routes');
SELECT is(test.typed('num', '{05,5.0,x,99999999999999999999,-0}'), '["0", "5"]', 'integers');
SELECT is(test.typed('price', '{5,5.1,12345678901}'), '[]', '5 and 5.1 are written so, and more digits are not taken');
SELECT is(test.routes('price', '5.10'), 'price=5.1', 'as the row routes');
SELECT is(test.typed('price', '{4.999,5.001,1e3,5.10}'), '["1000", "5.1"]', 'what it would round is another value');
SELECT is(test.typed('plain', '{5.00,005}'), '["5"]', 'a numeric without scale');
SELECT is(test.routes('plain', '5.00'), 'plain=5', 'as the row routes');
SELECT is(test.routes('plain', 'NaN'), 'plain=NaN', 'no number');
SELECT is(test.typed('mail', '{Ann@Example.COM}'), '["ann@example.com"]', 'citext');
SELECT is(test.routes('mail', 'ANN@example.com'), 'mail=ann@example.com', 'as the row routes');
SELECT is(test.routes('mails', '{ANN@example.com}'), 'mails=ann@example.com', 'of an array');
SELECT is(test.typed('code', '{ab,"cd  ",abcde}'), '["cd"]', 'char(4) cuts no value that is too long');
SELECT is(test.routes('code', 'ab'), 'code=ab', 'as the row routes');
SELECT is(test.typed('bits', '{1010,101}'), '[]', 'nor does bit(3)');
SELECT is(test.typed('at', '{2026-01-02T03:04:05Z,2026-01-02T03:04:05.6Z,2026-01-02T05:04:05+02}'), '["2026-01-02 03:04:05+00"]', 'timestamptz(0)');
SELECT is(test.typed('yes', '{t,1,true,maybe}'), '[]', 'boolean, of which true was given');
SELECT is(test.typed('day', '{20260102,"Jan 2 2026"}'), '["2026-01-02"]', 'date');

-- two tables
CREATE TABLE others (id int PRIMARY KEY, owner text);
SELECT herald.watch('others', topic => 'things', audience => '{owner}');
SELECT is(test.compares('owner'), '{type}', 'of two tables with types that compare otherwise');
SELECT is(test.typed('owner', '{9F1C0D2E-1111-4222-8333-444455556666,x}'), '["9f1c0d2e-1111-4222-8333-444455556666"]', 'each type says its own');
SELECT is(herald.typed('/none', '{"owner": ["X"]}'), '{}', 'a stream that is not there');
-- a trigger fires the new way after DDL, and daemons are told to read the streams again
ALTER TABLE others ALTER owner TYPE uuid USING NULL;
SELECT is(test.compares('owner'), '{uuid}', 'a column of another type');
SELECT is(test.typed('owner', '{}'), '[]', 'no values');
SELECT finish();
