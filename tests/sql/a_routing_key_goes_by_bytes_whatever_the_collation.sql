-- To a collation that is not deterministic texts of other bytes may be equal. Keys are bytes, so a row that gets such a text has another
-- audience, and another key.
SELECT plan(9);
SELECT count(*) = 1 AS icu FROM pg_collation WHERE collname = 'und-x-icu' AND collnamespace = 'pg_catalog'::regnamespace \gset
\if :icu
CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN nick AS text COLLATE ci;
CREATE TABLE docs (id int PRIMARY KEY, owner text COLLATE ci, secret text);
CREATE TABLE lists (id int PRIMARY KEY, owners text[] COLLATE ci);
CREATE TABLE named (id int PRIMARY KEY, owner nick);
CREATE TABLE keyed (name text COLLATE ci PRIMARY KEY, n int);
CREATE TABLE mixed (id int PRIMARY KEY, owner text COLLATE ci, store text COLLATE "POSIX", n int);
SELECT herald.watch('docs', audience => '{owner}'), herald.watch('lists', audience => '{owners}'), herald.watch('named', audience => '{owner}'),
  herald.watch('keyed', columns => '{n}'), herald.watch('mixed', audience => '{owner,store}');
INSERT INTO docs VALUES (1, 'alice', 'of alice');
INSERT INTO lists VALUES (1, '{alice}');
INSERT INTO named VALUES (1, 'alice');
INSERT INTO keyed VALUES ('alice', 1);
INSERT INTO mixed VALUES (1, 'alice', 'a', 1);
DELETE FROM herald.changes;
SELECT ok('alice' = 'ALICE' COLLATE ci, 'to the collation they are equal');
UPDATE docs SET owner = 'ALICE', secret = 'new';
SELECT is(test.events(), '{docs.update,left}', 'who saw the row is told that it has left');
SELECT is((SELECT array_agg(concat(audience, unless) ORDER BY id) FROM herald.changes), '{"{owner=ALICE}","{owner=alice}{owner=ALICE}"}', 'by their key');
SELECT is((SELECT count(*) FROM herald.changes WHERE row_was::text ~ 'of alice'), 0::bigint, 'and who sees it now gets nothing of its former state');
DELETE FROM herald.changes;
UPDATE lists SET owners = '{ALICE}';
SELECT is(test.events(), '{lists.update,left}', 'so it is for elements');
UPDATE named SET owner = 'ALICE';
SELECT is((test.events())[3:], '{named.update,left}', 'and where a domain has the collation');
DELETE FROM herald.changes;
UPDATE keyed SET name = 'ALICE';
SELECT is(test.told(), '{"keyed.update ALICE","left alice"}', 'a key of other bytes is another key');
DELETE FROM herald.changes;
UPDATE mixed SET n = 2;
UPDATE mixed SET store = 'b';
SELECT is(test.events(), '{mixed.update,mixed.update,left}', 'columns of several collations route together');
SELECT is((SELECT faults FROM herald.status), NULL, 'without a fault');
\else
SELECT skip('this server has no ICU', 9);
\endif
SELECT finish();
