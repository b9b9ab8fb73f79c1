-- herald.watch generates the trigger functions of a table. One of them is committed for people to read:
-- golden/capture_orders_update.sql. The text is the same on every version of PostgreSQL. Where the
-- generator was changed on purpose, RENEW=yes writes the file anew. The head of the file has the command.
SELECT plan(3);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id text, status text NOT NULL, note text);
SELECT herald.watch('orders', audience => '{user_id}', exclude => '{note}');
-- What differs from database to database has a fixed value in the file: the tag of the watch, the table's oid, and the stamp.
CREATE FUNCTION generated() RETURNS text LANGUAGE sql AS $$
  SELECT replace(replace(replace(pg_get_functiondef(to_regprocedure(herald.capture_name(w, 'update'))),
           w.tag, '0a1b2c3d'), w.target::oid::text, '16400'), herald.stamp(w), repeat('0', 32))
    FROM herald.watches w $$;
\set renew `[ -n "$RENEW" ] && echo on || echo off`
\if :renew
\o tests/sql/golden/capture_orders_update.sql
\qecho '-- The trigger function that pgherald generates for UPDATE of this table:'
\qecho '--'
\qecho '--   CREATE TABLE orders (id bigint PRIMARY KEY, user_id text, status text NOT NULL, note text);'
\qecho '--   SELECT herald.watch(''orders'', audience => ''{user_id}'', exclude => ''{note}'');'
\qecho '--'
\qecho '-- It runs for each row, while the writer waits. First it computes all that can fail, in a block that'
\qecho '-- catches every error but the cancellation of the writer''s statement. Then it writes to herald.changes:'
\qecho '-- one row for the event, and one row (left) for those who saw the table''s row before and see it no more.'
\qecho '--'
\qecho '-- sql/functions/capture_source.sql generates the text. All names in it are qualified, operators too, so'
\qecho '-- no search_path of a writer changes what it does. 1 is the id of the watch. Three values differ from'
\qecho '-- database to database, and have a fixed value here: 16400 (the table''s oid), 0a1b2c3d (the tag of the'
\qecho '-- watch) and the zeros (herald.stamp).'
\qecho '--'
\qecho '-- No installation runs this file. The test named below compares it with what is generated. To renew it,'
\qecho '-- in the directory of the project:'
\qecho '--   RENEW=yes node tests/lib/with-cluster.mjs tests/run-sql tests/sql/the_generated_capture_is_as_committed.sql'
SELECT rtrim(generated(), E'\n') || ';';
\o
\endif
\ir golden/capture_orders_update.sql
CREATE FUNCTION committed() RETURNS text LANGUAGE sql AS $$ SELECT pg_get_functiondef('herald.capture_1_0a1b2c3d_update()'::regprocedure) $$;
SELECT results_eq('SELECT * FROM regexp_split_to_table(generated(), E''\n'')', 'SELECT * FROM regexp_split_to_table(committed(), E''\n'')',
  'herald.watch generates what golden/capture_orders_update.sql says');
-- the copy that is committed is good for the table, too: it tells what the generated one tells
INSERT INTO orders VALUES (1, 'ann', 'new', 'secret');
SELECT herald.tick();
DROP TRIGGER "!herald_update" ON orders;
DO $$ BEGIN EXECUTE replace(committed(), '16400', 'orders'::regclass::oid::text); END $$;
CREATE TRIGGER "!herald_update" AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION herald.capture_1_0a1b2c3d_update();
UPDATE orders SET user_id = 'bob', note = 'secret';
SELECT is(test.events(), '{orders.insert,orders.update,left}', 'it tells the update, and that the row has left somebody');
SELECT is((SELECT count(*) FROM herald.changes c WHERE c::text LIKE '%secret%'), 0::bigint, 'and not the excluded column');
SELECT finish();
