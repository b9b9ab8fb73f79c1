-- Whoever writes may mute what they write, and set what they like in their own session. Something is told of each change all the same.
SELECT plan(14);
CREATE TABLE things (id int PRIMARY KEY, n int);
CREATE TABLE others (id int PRIMARY KEY, n int);
CREATE TABLE failing (id int PRIMARY KEY, n int);
CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parted DEFAULT;
INSERT INTO things VALUES (1, 1);
INSERT INTO others VALUES (1, 1);
INSERT INTO failing VALUES (1, 1);
SELECT herald.watch('things'), herald.watch('others'), herald.watch('failing'), herald.watch('parted');
SELECT herald.rule('failing', 'changed', 'update', NULL, 'to_jsonb(1 / NEW.n)');
CREATE ROLE :"DBNAME";
GRANT ALL ON things, others, failing, parted, part TO :"DBNAME";
-- the name of a mark, and a value that says: told already
CREATE FUNCTION mark(kind text, target regclass) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT format('herald.%s_%s', kind, w.id) FROM herald.watches w WHERE w.target = mark.target $$;
CREATE FUNCTION bulks() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT count(*) FROM herald.changes WHERE event = 'bulk' $$;
CREATE FUNCTION untold() RETURNS text[] LANGUAGE sql SECURITY DEFINER AS $$ SELECT array_agg(topic ORDER BY topic) FROM herald.untold $$;
GRANT USAGE ON SCHEMA herald TO :"DBNAME"; -- to mute, no more
SET ROLE :"DBNAME";

BEGIN;
SET LOCAL herald.mute = 'on';
SELECT set_config(mark('bulk', 'things'), pg_current_xact_id()::text, true);
UPDATE things SET n = 2;
COMMIT;
SELECT is(bulks(), 1::bigint, 'a mark that a session sets does not count');
BEGIN;
SET LOCAL herald.mute = 'on';
SELECT set_config(mark('bulk', 'things'), v, true) FROM unnest('{(99999999999999,1),(4294967295,65535),no place,-1}'::text[]) v;
UPDATE things SET n = 3;
SELECT set_config(mark('bulk', 'things'), '(4294967295,65535)', true);
UPDATE things SET n = 4;
COMMIT;
SELECT is(bulks(), 2::bigint, 'nor does nonsense, of which no writer fails');
BEGIN;
SET LOCAL herald.mute = 'on';
SAVEPOINT s;
UPDATE things SET n = 5;
SELECT current_setting(mark('bulk', 'things')) AS place \gset
ROLLBACK TO s;
SELECT set_config(mark('bulk', 'things'), :'place', true);
UPDATE things SET n = 6;
COMMIT;
SELECT is(bulks(), 3::bigint, 'nor does one that was rolled back');
BEGIN;
SET LOCAL herald.mute = 'on';
UPDATE things SET n = 7;
SELECT set_config(mark('bulk', 'others'), current_setting(mark('bulk', 'things')), true);
UPDATE others SET n = 2;
COMMIT;
SELECT is(bulks(), 5::bigint, 'nor does that of another topic');
SELECT set_config(mark('bulk', 'things'), :'place', false);
BEGIN;
SET LOCAL herald.mute = 'on';
UPDATE things SET n = 8;
UPDATE things SET n = 9;
COMMIT;
SELECT is(bulks(), 6::bigint, 'one of the session is none of the transaction, which tells once');
BEGIN;
SET CONSTRAINTS ALL IMMEDIATE;
SET LOCAL herald.mute = 'on';
UPDATE things SET n = 10;
UPDATE things SET n = 11;
UPDATE things SET n = 12;
COMMIT;
SELECT is(bulks(), 7::bigint, 'so it does where it tells at once');

-- faults
BEGIN;
SELECT set_config(mark('fault', 'failing'), pg_current_xact_id()::text, true);
UPDATE failing SET n = 0;
COMMIT;
SELECT is(untold(), '{failing}', 'a fault is noted whatever the session says');
BEGIN;
SAVEPOINT s;
UPDATE failing SET id = 2;
SELECT current_setting(mark('fault', 'failing')) AS place \gset
ROLLBACK TO s;
SELECT set_config(mark('fault', 'failing'), :'place', true);
UPDATE failing SET id = 3;
UPDATE failing SET id = 4;
COMMIT;
SELECT is(untold(), '{failing,failing}', 'once a transaction, and not as one that was rolled back');

-- TRUNCATE of a partition
SELECT bulks() AS bulks \gset
BEGIN;
SELECT set_config(mark('truncated', 'parted'), '0', true);
TRUNCATE part;
COMMIT;
SELECT is(bulks(), :bulks + 1::bigint, 'TRUNCATE of a partition is told where nothing else was written');
BEGIN;
INSERT INTO parted VALUES (1);
RESET ROLE;
SELECT max(id) AS last FROM herald.changes \gset
SET ROLE :"DBNAME";
SELECT set_config(mark('truncated', 'parted'), :'last', true);
TRUNCATE part;
COMMIT;
SELECT is(bulks(), :bulks + 2::bigint, 'and where something was');
TRUNCATE parted;
SELECT is(bulks(), :bulks + 2::bigint, 'a partition that goes along with its table is not told');
RESET ROLE;
SELECT is((SELECT event FROM herald.changes ORDER BY id DESC LIMIT 1), 'parted.truncate', 'for the table is');

-- a transaction that is read-only before it ends
BEGIN;
SELECT herald.mute();
UPDATE things SET n = 20;
SET TRANSACTION READ ONLY;
COMMIT;
SELECT is(bulks(), :bulks + 2::bigint, 'a muted transaction may be read-only at its end');
SELECT herald.tick(), test.tell();
SELECT is((SELECT data FROM herald.changes WHERE topic = 'things' ORDER BY id DESC LIMIT 1), '{"topic": "things", "reason": "muted"}', 'the ticker tells of it');
REVOKE ALL ON things, others, failing, parted, part FROM :"DBNAME";
REVOKE ALL ON SCHEMA herald FROM :"DBNAME";
DROP ROLE :"DBNAME";
SELECT finish();
