-- herald.watch on a watched table changes what is named: NULL leaves topic, audience, columns and exclude as they are, an empty
-- list takes away. What was kept and is no column any more is refused: it may have got another name.
SELECT plan(29);
CREATE TABLE users (id int PRIMARY KEY, name text, password_hash text);
CREATE FUNCTION test.watch() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', topic, audience, coalesce(columns::text, 'all'), exclude) FROM herald.watches WHERE target = 'users'::regclass $$;
SELECT herald.watch('users');
SELECT is(test.watch(), 'users {} all {}', 'a new watch has the table''s name as topic, no audience, all columns, and excludes none');
SELECT herald.watch('users', 'people', '{id}', '{id,name}', '{password_hash}');
SELECT herald.watch('users');
SELECT is(test.watch(), 'people {id} {id,name} {password_hash}', 'watched again without a word it is as it was');
SELECT herald.watch('users', NULL, NULL, NULL, NULL);
SELECT is(test.watch(), 'people {id} {id,name} {password_hash}', 'NULL says nothing');
SELECT herald.watch('users', topic => 'users');
SELECT is(test.watch(), 'users {id} {id,name} {password_hash}', 'another topic changes the topic');
SELECT herald.watch('users', audience => '{id,name}');
SELECT is(test.watch(), 'users {id,name} {id,name} {password_hash}', 'another audience the audience');
SELECT herald.watch('users', columns => '{id}');
SELECT is(test.watch(), 'users {id,name} {id} {password_hash}', 'other columns the columns');
SELECT herald.watch('users', exclude => '{password_hash,name}');
SELECT is(test.watch(), 'users {id,name} {id} {password_hash,name}', 'and another exclude what is excluded');

SELECT herald.watch('users', columns => '{*}');
SELECT is(test.watch(), 'users {id,name} all {password_hash,name}', 'a star stands for all columns');
INSERT INTO users VALUES (1, 'ann', 'secret');
SELECT is(test.last() -> 'row', '{"id": 1}', 'what is excluded stays in the database');
SELECT is((SELECT audience FROM herald.changes), '{id=1,name=ann}', 'and the audience routes');
SELECT herald.watch('users', columns => '{}');
INSERT INTO users VALUES (2, 'bob', 'secret');
SELECT is(test.last() -> 'row', '{}', 'an empty list of columns tells none of them');
SELECT herald.watch('users', columns => '{*}', exclude => '{}');
SELECT is(test.watch(), 'users {id,name} all {}', 'an empty list excludes nothing');
SELECT herald.watch('users', audience => '{}');
SELECT is(test.watch(), 'users {} all {}', 'an empty audience is none');

CREATE TABLE odd ("*" int PRIMARY KEY, b text);
SELECT herald.watch('odd', columns => '{*}');
INSERT INTO odd VALUES (1, 'x');
SELECT is(test.last() -> 'row', '{"*": 1}', 'where a column has that name, the star is this column');
SELECT throws_ok($$SELECT herald.watch('users', columns => '{*,id}')$$, '42703', NULL, 'beside others it is a name like any other');

-- The table's own name was the topic when it was made: it stays when the table gets another.
ALTER TABLE users RENAME TO members;
SELECT herald.watch('members', audience => '{id}');
SELECT is((SELECT topic FROM herald.watches WHERE target = 'members'::regclass), 'users', 'a topic stays when the table is renamed');
ALTER TABLE members RENAME TO users;

-- A column that was named is gone, or has got another name.
SELECT herald.watch('users', audience => '{id,name}', columns => '{id,name,password_hash}', exclude => '{password_hash}');
ALTER TABLE users RENAME COLUMN password_hash TO secret;
SELECT throws_ok($$SELECT herald.watch('users', topic => 'people')$$, '42703',
  'pgherald: columns of the watch names ''password_hash'', and table ''public.users'' has no such column any more', 'what is kept must be there');
SELECT throws_like($$SELECT herald.watch('users', columns => '{*}')$$, '%exclude of the watch names ''password_hash''%', 'a secret that was renamed does not go out');
SELECT is(test.watch(), 'users {id,name} {id,name,password_hash} {password_hash}', 'who was refused has changed nothing');
SELECT lives_ok($$SELECT herald.watch('users', columns => '{*}', exclude => '{secret}')$$, 'said anew it is taken');
SELECT is(test.watch(), 'users {id,name} all {secret}', 'with the rest as it was');
ALTER TABLE users DROP COLUMN name;
SELECT throws_like($$SELECT herald.watch('users')$$, '%audience of the watch names ''name''%', 'a routing column that was dropped is told too');
SELECT throws_like($$SELECT herald.watch('users', audience => '{nobody}')$$, '%table ''public.users'' has no column ''nobody''%', 'what is said now is looked at first');
SELECT lives_ok($$SELECT herald.watch('users', audience => '{id}')$$, 'and then that is right');

-- A partitioned table, which is watched again for its new partitions.
CREATE TABLE logs (id int, k int, secret text) PARTITION BY LIST (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
SELECT herald.watch('logs', audience => '{k}', exclude => '{secret}');
CREATE TABLE logs_2 PARTITION OF logs FOR VALUES IN (2);
SELECT herald.watch('logs');
INSERT INTO logs VALUES (1, 2, 'x');
SELECT is(test.last() -> 'row', '{"k": 2, "id": 1}', 'for new partitions a table is watched again without a word');
SELECT is((SELECT audience FROM herald.changes ORDER BY id DESC LIMIT 1), '{k=2}', 'and goes on as before');
TRUNCATE logs_2;
SELECT is((SELECT event FROM herald.changes ORDER BY id DESC LIMIT 1), 'bulk', 'the new partition is taken in');

-- An installation whose function still had other defaults.
DROP FUNCTION herald.check_kept;
CREATE OR REPLACE FUNCTION herald.watch(
  target regclass, topic text DEFAULT NULL, audience text[] DEFAULT '{}', columns text[] DEFAULT NULL, exclude text[] DEFAULT '{}'
) RETURNS void LANGUAGE sql AS '';
\ir ../../sql/install.sql
SELECT lives_ok($$SELECT herald.watch('logs', topic => 'journal')$$, 'an older installation is brought up to date');
SELECT is((SELECT concat_ws(' ', topic, audience, exclude) FROM herald.watches WHERE target = 'logs'::regclass), 'journal {k} {secret}', 'and keeps what is not said');
SELECT finish();
