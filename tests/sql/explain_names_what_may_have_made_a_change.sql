-- herald.explain_makers names every rule of now that could have made a change, and what else makes one.
BEGIN;
SELECT plan(15);
CREATE TABLE things (id int PRIMARY KEY, owner text, note text);
CREATE TABLE other (id int PRIMARY KEY, note text);
SELECT herald.watch('things', topic => 'news', audience => '{owner}'), herald.watch('other', topic => 'news');
CREATE FUNCTION makers(n int DEFAULT 1) RETURNS text[] LANGUAGE sql AS
  $$ SELECT array_agg(m) FROM (SELECT c FROM herald.changes c ORDER BY id DESC OFFSET n - 1 LIMIT 1) l(c), herald.explain_makers(c) m $$;

INSERT INTO things VALUES (1, 'a', 'x');
SELECT is(makers(), '{"watch of public.things: the default event, for the table has no rules"}', 'a default event is of its table, though another one has the topic');
UPDATE things SET owner = 'b';
SELECT is(makers(), '{"watch of public.things: a row left those who saw it by owner"}', 'left is of the watch with an audience');
SELECT herald.rule('things', 'changed', 'update', $$NEW.note <>
     OLD.note$$, 'jsonb_build_object(''note'', NEW.note)');
SELECT herald.rule('things', 'changed', 'insert', data => '''"new"''');
SELECT herald.rule('things', 'changed', 'delete'), herald.rule('things', 'changed', 'any', 'false');
SELECT herald.rule('other', 'changed', 'insert', data => '''1''');
SELECT is(makers(2), '{"herald.publish, or a rule that is not there any more"}', 'with rules of now a former default event is nobody''s');
UPDATE things SET note = 'y';
SELECT is(makers(), ARRAY['rule of public.things on update where NEW.note <> OLD.note, data jsonb_build_object(''note'', NEW.note)',
  'rule of public.things on insert, data ''"new"''', 'rule of public.other on insert, data ''1'''], 'all rules with data of their own and this event are named, in one line each');
DELETE FROM things;
SELECT is(makers(), ARRAY['rule of public.things on delete, data as the default event''s', 'rule of public.things on any where false, data as the default event''s'],
  'the data of a default event leaves only those without, of this operation');
INSERT INTO other VALUES (1, 'x');
SELECT is(cardinality(makers()), 3, 'the table is not known where a rule says the data');
SELECT herald.rule('other', 'long', 'any', repeat('true AND ', 40) || 'true', '''1''');
UPDATE other SET note = 'y';
SELECT is(length(substring(makers()::text FROM 'where (.*), data')), 100, 'a long condition is cut');
SELECT herald.publish('news', 'sale', '1');
SELECT is(makers(), '{"herald.publish, or a rule that is not there any more"}', 'what no rule makes was published');
INSERT INTO herald.changes (topic, event, audience, data) VALUES ('news', 'bulk', '{*}', '{"reason": "muted"}');
SELECT matches(makers()::text, 'herald.mute', 'bulk says why: a transaction was mute');
INSERT INTO herald.changes (topic, event, audience, data) VALUES ('news', 'bulk', '{*}', '{"reason": "fault"}');
SELECT matches(makers()::text, 'a capture that failed', 'or a rule failed');
INSERT INTO herald.changes (topic, event, audience, data) VALUES ('news', 'bulk', '{*}', '{"reason": "truncate"}');
SELECT matches(makers()::text, 'TRUNCATE of a partition', 'or a partition was emptied');
INSERT INTO herald.changes (topic, event, audience, data) VALUES ('news', 'bulk', '{*}', '{"reason": "ddl"}');
SELECT matches(makers()::text, 'DDL that no trigger sees', 'or DDL took rows away');
INSERT INTO herald.changes (topic, event, audience, data) VALUES ('news', 'bulk', '{*}', '{"reason": "crash"}');
SELECT matches(makers()::text, 'a crash of the server', 'or a crash');
SELECT is(herald.one_line(E'\n  a\n  b  ', 3), 'a b', 'an expression stands on one line');
SELECT is((SELECT count(*) FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = 'herald'::regnamespace AND p.proname ~ '^explain' AND a.grantee <> p.proowner),
  0::bigint, 'explaining is for the owner of herald alone');
SELECT finish();
ROLLBACK;
