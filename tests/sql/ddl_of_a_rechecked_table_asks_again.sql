-- DDL of a table that streams name in `recheck` may take members away where no trigger sees it. Its partitions and children tell as it does. What they
-- cannot tell the ticker's look finds, and asks again for everyone. It hangs the triggers that are missing.
SELECT plan(34);
CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
CREATE SCHEMA app;
CREATE TABLE app.clubs (who text, k int) PARTITION BY LIST (k);
CREATE TABLE app.clubs_1 PARTITION OF app.clubs FOR VALUES IN (1);
CREATE TABLE app.clubs_2 PARTITION OF app.clubs FOR VALUES IN (2) PARTITION BY LIST (k);
CREATE TABLE app.clubs_2_2 PARTITION OF app.clubs_2 FOR VALUES IN (2);
CREATE TABLE app.parents (who text);
CREATE TABLE app.children () INHERITS (app.parents);
CREATE TABLE app.plain (who text, n int);
CREATE UNLOGGED TABLE app.guests (who text);
-- asked(sql): whom the statement asks about again.
CREATE FUNCTION asked(sql text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  before bigint := (SELECT coalesce(max(id), 0) FROM herald.changes);
BEGIN
  PERFORM set_config('herald.rechecked', '', true);
  EXECUTE sql;
  RETURN (SELECT coalesce(array_agg(coalesce(data ->> 'sub', 'all') ORDER BY id), '{}') FROM herald.changes WHERE id > before AND event = 'recheck');
END $$;
-- looked(): the same of a look.
CREATE FUNCTION looked() RETURNS text[] LANGUAGE sql AS $$ SELECT asked('SELECT test.look()') $$;

SELECT is(looked(), '{}', 'nothing is named');
SELECT herald.stream('/c', '{things}', authorize => 'public.may', recheck => '{"app.clubs": "who", "app.parents": "who", "app.plain": "who", "app.guests": "who"}');

SELECT is(looked(), '{}', 'nothing has happened');
SELECT is(asked($$TRUNCATE app.clubs_1$$), '{all}', 'TRUNCATE of a partition');
SELECT is(asked($$TRUNCATE app.clubs_2_2$$), '{all}', 'of one of a partition');
SELECT is(asked($$TRUNCATE app.clubs$$), '{all}', 'and of all, once');
SELECT is(asked($$INSERT INTO app.children VALUES ('ann')$$), '{ann}', 'a row of a child by INHERITS');
SELECT is(asked($$UPDATE app.parents SET who = 'bob'$$), '{ann,bob}', 'changed by the parent''s name');
SELECT is(asked($$TRUNCATE ONLY app.children$$), '{all}', 'and its TRUNCATE');
SELECT is(looked(), '{all}', 'a file of a table that is another one is looked at once more');
SELECT is(looked(), '{}', 'once');

CREATE TABLE app.clubs_3 PARTITION OF app.clubs FOR VALUES IN (3);
INSERT INTO app.clubs VALUES ('eve', 3);
TRUNCATE app.clubs_3;
SELECT is(looked(), '{all}', 'a partition that has come, and was truncated before the look');
SELECT is(asked($$TRUNCATE app.clubs_3$$), '{all}', 'has its trigger then');
SELECT is(looked(), '{all}', '(that too is another file)');
SELECT is(asked($$INSERT INTO app.clubs VALUES ('eve', 3)$$), '{eve}', 'and tells of its rows, once each');
DROP TABLE app.clubs_1;
SELECT is(looked(), '{all}', 'DROP of a partition');
BEGIN;
ALTER TABLE app.clubs DETACH PARTITION app.clubs_3;
DELETE FROM app.clubs_3;
ALTER TABLE app.clubs ATTACH PARTITION app.clubs_3 FOR VALUES IN (3);
COMMIT;
SELECT is(looked(), '{all}', 'DETACH, DELETE, ATTACH');
ALTER TABLE app.clubs DETACH PARTITION app.clubs_2;
SELECT is(looked(), '{all}', 'DETACH');
CREATE TABLE app.more () INHERITS (app.children);
SELECT is(looked(), '{all}', 'a child that has come');
SELECT is(asked($$INSERT INTO app.more VALUES ('joe')$$), '{joe}', 'tells from then on');
ALTER TABLE app.more NO INHERIT app.children;
SELECT is(looked(), '{all}', 'and that it goes');

INSERT INTO app.plain VALUES ('ann', 1);
ALTER TABLE app.plain ALTER who TYPE text USING who || '!';
SELECT is(looked(), '{all}', 'ALTER TYPE USING');
ALTER TABLE app.plain ADD COLUMN may boolean DEFAULT false;
SELECT is(looked(), '{all}', 'a column that has come');
BEGIN;
CREATE TABLE app.plain_new (LIKE app.plain);
ALTER TABLE app.plain RENAME TO plain_old;
ALTER TABLE app.plain_new RENAME TO plain;
COMMIT;
SELECT is(looked(), '{all}', 'another table that takes the name');
SELECT is(asked($$INSERT INTO app.plain VALUES ('sue')$$), '{sue}', 'tells from then on');
SELECT is(asked($$DELETE FROM app.plain$$), '{sue}', 'and that a row goes');
SELECT is(looked(), '{}', 'all that was told once');
DROP TABLE app.plain;
SELECT is(looked(), '{all}', 'DROP');
CREATE TABLE app.plain (who text);
SELECT is(looked(), '{all}', 'and made anew');
DELETE FROM herald.survivor; -- as a crash does
SELECT is(looked(), '{all}', 'a crash that has emptied an UNLOGGED table');

CREATE TABLE app.owned (who text);
SELECT herald.stream('/e', '{things}', authorize => 'public.may', recheck => '{"app.owned": "who"}');
SELECT is((SELECT count(*) FROM herald.rechecks), 5::bigint, 'the tables that are named are noted');
SELECT herald.unstream('/c');
SELECT is((SELECT array_agg(tgrelid::regclass::text || ' ' || tgname ORDER BY 1) FROM pg_trigger WHERE tgfoid = 'herald.tell_recheck'::regproc AND tgrelid <> 'app.owned'::regclass),
  NULL, 'an unstream takes all triggers away, also those of partitions that were detached');
SELECT is(looked(), '{}', 'that asks nobody');
SELECT is((SELECT array_agg(name) FROM herald.rechecks), '{app.owned}', 'and what is not named any more is forgotten');
SELECT herald.unstream('/e');
SELECT is(looked(), '{}', 'nothing is named any more');
SELECT finish();
