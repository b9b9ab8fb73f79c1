-- A routing column that is virtual (PostgreSQL 18) gets another meaning by DDL. Until the capture has followed, an event is `bulk`
-- and no row goes to whom the former meaning names.
BEGIN;
SELECT plan(8);
SELECT :SERVER_VERSION_NUM >= 180000 AS has_them \gset
\if :has_them
CREATE TABLE doc (id int PRIMARY KEY, author text, reviewer text, may text GENERATED ALWAYS AS (author));
SELECT herald.watch('doc', audience => '{may}');
INSERT INTO doc VALUES (1, 'ann', 'bob');
-- doc_told(): the events that were written since the last call, with whom they are for.
CREATE SEQUENCE seen MINVALUE 0;
CREATE FUNCTION doc_told() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text := (SELECT string_agg(DISTINCT event || audience::text, ' ') FROM herald.changes c WHERE c.id > (SELECT last_value FROM seen));
BEGIN
  PERFORM setval('seen', (SELECT max(id) FROM herald.changes));
  RETURN said;
END $$;
SELECT is(doc_told(), 'doc.insert{may=ann}', 'at first it goes by the author');

-- told(ddl): what an update tells right after the DDL, and what another one tells after a look.
CREATE FUNCTION told(ddl text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  at_once text;
BEGIN
  EXECUTE ddl;
  UPDATE doc SET id = id + 1;
  PERFORM test.tell();
  at_once := doc_told();
  PERFORM test.look(), doc_told();
  UPDATE doc SET id = id + 1;
  RETURN concat_ws(', ', at_once, doc_told());
END $$;
SELECT is(told('ALTER TABLE doc ALTER may SET EXPRESSION AS (reviewer)'), 'bulk{*}, doc.update{may=bob}', 'another expression');
SELECT is(told('ALTER TABLE doc DROP may, ADD may text GENERATED ALWAYS AS (author)'), 'bulk{*}, doc.update{may=ann}', 'another column of its name');
SELECT is(told('ALTER TABLE doc RENAME author TO x; ALTER TABLE doc RENAME reviewer TO author; ALTER TABLE doc RENAME x TO reviewer'),
  'bulk{*}, doc.update{may=ann}', 'columns that it reads have swapped names: it means what it meant');
SELECT is(told('ALTER TABLE doc ADD more text'), 'doc.update{may=ann}, doc.update{may=ann}', 'a column more changes nothing');
SELECT is(told('ALTER TABLE doc DROP more'), 'doc.update{may=ann}, doc.update{may=ann}', 'nor does one less');
SELECT herald.rule('doc', 'reviewed', 'update', 'NEW.may <> ''bob''', 'jsonb_build_object(''may'', NEW.may)');
SELECT doc_told();
SELECT is(told('ALTER TABLE doc ALTER may SET EXPRESSION AS (author)'), 'bulk{*}', 'a rule that speaks of it makes no event of it either');
SELECT is((SELECT count(*) FROM herald.faults), 0::bigint, 'and no fault is left');
\else
SELECT skip('Virtual generated columns are of PostgreSQL 18', 8);
\endif
SELECT finish();
ROLLBACK;
