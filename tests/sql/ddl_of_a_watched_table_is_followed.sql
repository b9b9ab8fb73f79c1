-- DDL after watch. Another name, schema, primary key, routing column of another type, new partitions: the maker of ticks looks at it, and
-- events are what the contract says again. Until then nothing is told wrongly in silence: what cannot be told is a `bulk`.
-- `bulk` of values that such DDL changes is left out (values_that_ddl_changes_are_told).
SELECT plan(42);
CREATE FUNCTION events() RETURNS text[] LANGUAGE sql AS $$
  SELECT test.tell();
  WITH gone AS (DELETE FROM herald.changes RETURNING *)
  SELECT coalesce(array_agg(concat_ws(' ', event, data ->> 'table', key, CASE WHEN event <> 'bulk' THEN nullif(audience, '{}') END) ORDER BY id) FILTER (WHERE event <> 'schema' AND (data ->> 'reason') IS DISTINCT FROM 'ddl'), '{}') FROM gone $$;
CREATE FUNCTION look() RETURNS void LANGUAGE sql AS $$ SELECT test.look() $$;
CREATE SCHEMA shop;
CREATE TABLE orders (id int PRIMARY KEY, code uuid NOT NULL DEFAULT '00000000-0000-4000-8000-000000000001' UNIQUE);
SELECT herald.watch('orders');
SELECT p.oid AS fn, p.xmin AS version FROM pg_proc p WHERE p.proname ~ '^capture_.*_insert$' \gset
SELECT look();
SELECT is((SELECT p.xmin::text FROM pg_proc p WHERE p.oid = :fn), :'version', 'what has not changed is not made anew');
ALTER TABLE orders RENAME TO purchases; SELECT look();
INSERT INTO purchases (id) VALUES (1);
SELECT is(events(), '{"orders.insert public.purchases {\"id\": 1}"}', 'a table that is renamed');
DELETE FROM purchases; SELECT events() \gset
ALTER TABLE purchases SET SCHEMA shop; SELECT look();
INSERT INTO shop.purchases (id) VALUES (1);
SELECT is(events(), '{"orders.insert shop.purchases {\"id\": 1}"}', 'that has another schema');
ALTER TABLE shop.purchases DROP CONSTRAINT orders_pkey; SELECT look();
UPDATE shop.purchases SET id = 2;
SELECT is(events(), '{"orders.update shop.purchases"}', 'that has no primary key any more');
ALTER TABLE shop.purchases ADD PRIMARY KEY (code); SELECT look();
UPDATE shop.purchases SET id = 3;
SELECT is(events(), '{"orders.update shop.purchases {\"code\": \"00000000-0000-4000-8000-000000000001\"}"}', 'that has another one');
ALTER TABLE shop.purchases RENAME code TO nr;
UPDATE shop.purchases SET id = 4;
SELECT is(events(), '{bulk}', 'a key column that is renamed is a fault');
SELECT isnt((SELECT faults FROM herald.status), NULL, 'which the status says');
SELECT look();
UPDATE shop.purchases SET id = 5;
SELECT is(events(), '{"orders.update shop.purchases {\"nr\": \"00000000-0000-4000-8000-000000000001\"}"}', 'until somebody looks');
SELECT is((SELECT faults FROM herald.status), NULL, 'then the fault is forgotten');

-- Routing columns.
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE tags (id int PRIMARY KEY, tag text, size int, m mood);
SELECT herald.watch('tags', audience => '{tag,size,m}');
SELECT test.tell();
INSERT INTO tags VALUES (1, 'red', 1, 'good');
SELECT is(events(), '{"tags.insert public.tags {\"id\": 1} {tag=red,size=1,m=good}"}', 'a routing text');
ALTER TABLE tags ALTER tag TYPE text[] USING ARRAY[tag, 'blue'];
UPDATE tags SET size = 2;
SELECT is(events(), '{bulk}', 'that becomes an array is no word');
SELECT look();
UPDATE tags SET size = 3;
SELECT is(events(), '{"tags.update public.tags {\"id\": 1} {tag=red,tag=blue,size=3,m=good}","left {tag=red,tag=blue,size=2,m=good}"}', 'its elements route');
ALTER TABLE tags ALTER tag TYPE text USING tag[1];
UPDATE tags SET size = 4;
SELECT is(events(), '{bulk}', 'an array that becomes a text has no elements');
SELECT look();
UPDATE tags SET m = 'bad';
SELECT is(events(), '{"tags.update public.tags {\"id\": 1} {tag=red,size=4,m=bad}","left {tag=red,size=4,m=good}"}', 'and is one again');
ALTER TABLE tags ALTER size TYPE bigint;
UPDATE tags SET size = 5000000000;
SELECT is((events())[1], 'tags.update public.tags {"id": 1} {tag=red,size=5000000000,m=bad}', 'a wider number is a number as before');
ALTER TABLE tags ALTER m TYPE mood[] USING ARRAY[m];
UPDATE tags SET size = 6;
SELECT is(events(), '{bulk}', 'the same of a type that PostgreSQL does not bring along');
SELECT look();
UPDATE tags SET size = 7;
SELECT is((events())[1], 'tags.update public.tags {"id": 1} {tag=red,size=7,m=bad}', 'and heals');
ALTER TABLE tags ALTER tag TYPE timestamptz USING '2026-01-01 00:00+00';
SELECT look();
SET TimeZone = 'Asia/Tokyo'; UPDATE tags SET size = 8; RESET TimeZone;
SELECT is((events())[1], 'tags.update public.tags {"id": 1} {"tag=2026-01-01 00:00:00+00",size=8,m=bad}', 'a time routes as one of UTC, whoever writes');

-- What no look can heal stays a fault: the text is made anew, and names the column all the same.
ALTER TABLE tags RENAME size TO width; SELECT look();
UPDATE tags SET width = 9;
SELECT is(events(), '{bulk}', 'a routing column that is renamed');
ALTER TABLE tags DROP COLUMN width; SELECT look();
UPDATE tags SET m = '{good}';
SELECT is(events(), '{bulk}', 'or dropped');

CREATE TABLE users (id int PRIMARY KEY, name text, pw text, pin text);
SELECT herald.watch('users', exclude => '{pw,pin}');
ALTER TABLE users DROP COLUMN pin; SELECT look();
INSERT INTO users VALUES (1, 'ann', 'hush');
SELECT is((SELECT row_now FROM herald.changes), '{"id": 1, "name": "ann"}', 'an excluded column that is dropped is no secret');
ALTER TABLE users RENAME pw TO password; SELECT events(), look();
UPDATE users SET name = 'bob';
SELECT is((SELECT count(*) FROM herald.changes c WHERE c::text LIKE '%hush%'), 0::bigint, 'one that is renamed stays one');
SELECT is(events(), '{bulk}', 'and is a fault');
ALTER TABLE users ADD COLUMN pw text; SELECT look();
UPDATE users SET name = 'eve';
SELECT is((SELECT count(*) FROM herald.changes c WHERE c::text LIKE '%hush%'), 0::bigint, 'also when another column takes its name');
SELECT is(events(), '{bulk}', 'and a fault');
CREATE TABLE notes (id int PRIMARY KEY, pw text);
SELECT herald.watch('notes', exclude => '{pw}');
INSERT INTO notes VALUES (1, 'hush');
ALTER TABLE notes RENAME pw TO password; ALTER TABLE notes ADD COLUMN pw text DEFAULT 'new';
UPDATE notes SET id = 2;
SELECT look();
UPDATE notes SET id = 3;
SELECT is((SELECT count(*) FROM herald.changes c WHERE c::text LIKE '%hush%'), 0::bigint, 'also where another column takes its name before anybody looks');
SELECT is(events(), '{"notes.insert public.notes {\"id\": 1}",bulk}', 'and is told as a fault');
SELECT herald.watch('notes', exclude => '{pw,password}');
UPDATE notes SET id = 4;
ALTER TABLE notes ADD COLUMN title text DEFAULT 'x';
UPDATE notes SET id = 5;
SELECT is((SELECT array_agg(row_now ORDER BY id) FROM herald.changes WHERE event = 'notes.update'), ARRAY['{"id": 4}', '{"id": 5, "title": "x"}']::jsonb[], 'until the watch says which');
CREATE TABLE narrow (id int PRIMARY KEY, name text);
SELECT herald.watch('narrow', exclude => '{name}');
ALTER TABLE narrow RENAME name TO title;
\ir ../../sql/install.sql
SET client_min_messages = warning; SET search_path = "$user", public;
SELECT events();
INSERT INTO narrow VALUES (1, 'hush');
SELECT is(events(), '{bulk}', 'an upgrade forgets nothing of that');

-- Partitions: those that are known are told without a look at the catalog.
CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
SELECT herald.watch('parts');
CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE FUNCTION source() RETURNS text LANGUAGE sql AS $$ SELECT p.prosrc FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid WHERE t.tgrelid = (SELECT w.target FROM herald.watches w WHERE w.topic = 'parts') AND t.tgname = '!herald_insert' $$;
SELECT 'low'::regclass::oid AS low \gset
SELECT ok(source() !~ format('\m%s\M', :'low'), 'a new partition'); -- a stamp of 32 hexadecimal digits stands there, too
SELECT look();
SELECT ok(source() ~ format('\m%s\M', :'low'), 'is known after the look');

SELECT bool_and(has_function_privilege('public', t.tgfoid, 'EXECUTE')) AS may FROM pg_trigger t WHERE t.tgrelid = 'parts'::regclass AND t.tgname ~ '^!herald_(insert|update|delete)$' \gset
SELECT ok(:'may', 'and whoever may make partitions still may');

-- What yields no event has no text to be followed.
CREATE TABLE ruled (id int PRIMARY KEY, n int);
SELECT herald.watch('ruled'), herald.rule('ruled', 'made', 'insert');
SELECT look();
SELECT array_agg(p.xmin::text ORDER BY p.oid) AS versions FROM pg_proc p WHERE p.proname ~ '^capture_[0-9]' \gset
SELECT look(), look();
SELECT is((SELECT array_agg(p.xmin::text ORDER BY p.oid) FROM pg_proc p WHERE p.proname ~ '^capture_[0-9]'), :'versions'::text[], 'a look without news makes nothing anew');

-- Nobody is waited for, and nobody is failed.
SELECT dblink_connect('w', test.self());
SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', 'ALTER TABLE parts RENAME TO pieces'), x FROM dblink('w', $$SELECT 1 FROM herald.watches w, herald.watch(w.target) WHERE w.topic = 'parts'$$) AS r(x int);
ALTER TABLE narrow RENAME TO slim;
SET lock_timeout = '10s';
SELECT lives_ok('SELECT look()', 'a table that is being altered and watched is not waited for');
SELECT dblink_exec('w', 'COMMIT');
SELECT look();
SELECT ok(source() ~ 'public\.pieces', 'and is followed by the next look') FROM (SELECT set_config('search_path', 'public', false)) s;
INSERT INTO pieces VALUES (1);
SELECT dblink_exec('w', 'BEGIN'), dblink_exec('w', 'LOCK TABLE pieces, low IN ACCESS EXCLUSIVE MODE');
SET lock_timeout = '3s';
SELECT lives_ok('SELECT look()', 'nor is one whose partition is locked');
SELECT dblink_exec('w', 'COMMIT');
SELECT is((events())[1], 'parts.insert public.pieces {"id": 1}', 'its events are what it is');
UPDATE slim SET id = 2;
SELECT is((SELECT array_agg(k ORDER BY k) FROM herald.status, jsonb_object_keys(faults) k), '{slim,tags,users}', 'doctor names those that cannot be told');

-- What types are made of, on any level: the settings of who writes do not show. Of an enum nothing follows.
CREATE TYPE span AS (a date);
CREATE DOMAIN spans AS span[];
CREATE TABLE periods (id int PRIMARY KEY, s spans, m mood);
SELECT herald.watch('periods');
CREATE FUNCTION made() RETURNS text LANGUAGE sql AS $$
  SELECT p.xmin::text FROM pg_proc p, herald.watches w WHERE w.topic = 'periods' AND p.oid = to_regprocedure(herald.capture_name(w, 'insert')) $$;
ALTER TYPE span ADD ATTRIBUTE at timestamptz;
SELECT look();
SET TimeZone = 'Asia/Tokyo';
DELETE FROM herald.changes;
INSERT INTO periods VALUES (1, ARRAY[ROW('2020-01-01', '2020-01-01T00:00:00Z')]::span[]);
SELECT is((SELECT row_now -> 's' FROM herald.changes), '[{"a": "2020-01-01", "at": "2020-01-01T00:00:00+00:00"}]', 'an attribute of a composite type');
RESET TimeZone;
SELECT made() AS version \gset
ALTER TYPE mood ADD VALUE 'odd';
SELECT look();
SELECT is(made(), :'version', 'a value of an enum changes nothing');

-- A stored column that becomes an ordinary one: rules for update are told of rows that move.
CREATE TABLE moving (id int, k int, s int GENERATED ALWAYS AS (k + 1) STORED) PARTITION BY LIST (k);
CREATE TABLE moving_1 PARTITION OF moving FOR VALUES IN (1);
CREATE TABLE moving_2 PARTITION OF moving FOR VALUES IN (2);
SELECT herald.watch('moving'), herald.rule('moving', 'moved', 'update');
INSERT INTO moving VALUES (1, 1);
SELECT events() \gset
UPDATE moving SET k = 2;
SELECT is(events(), '{}', 'a row that moves, with a stored column');
ALTER TABLE moving ALTER s DROP EXPRESSION;
SELECT look();
UPDATE moving SET k = 1;
SELECT is(events(), '{"moved public.moving"}', 'and without its expression');
SELECT * FROM finish();
