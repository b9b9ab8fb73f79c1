-- Event `schema`: a difference in what a topic's events look like, once, to everyone on the topic, in its place among the changes.
CREATE TABLE orders (id int PRIMARY KEY, owner text, secret text);
CREATE TABLE others (id int PRIMARY KEY);
CREATE FUNCTION test.shapes() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM herald.changes WHERE event = 'schema' $$;
CREATE FUNCTION public.f(int) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('a', $1) $$;
SELECT plan(37);
SELECT herald.watch('orders', audience => '{owner}', exclude => '{secret}'), herald.watch('others');
SELECT herald.rule('others', 'x', 'insert');
SELECT is(test.shapes(), 0::bigint, 'a first shape is no news, nor one that nobody can hear of');
SELECT herald.stream('/s', '{orders}', events => '{orders.insert}', match => '{"owner": "claims.sub"}');
SELECT is(test.shapes(), 0::bigint, 'nor a stream');
SELECT is(test.look(), false, 'nothing has changed');

ALTER TABLE orders ADD COLUMN note text;
SELECT is(test.look(), true, 'a column more');
SELECT is(test.look(), false, 'is told once');
SELECT is((SELECT (topic, event, audience, data)::text FROM herald.changes), (('orders', 'schema', '{*}'::text[], '{"topics": ["orders"]}'::jsonb)::text), 'to everyone on the topic');
SELECT herald.tick();
SELECT is((SELECT count(*) FROM herald.replay(0, 0, 1000, '{orders}', '{orders.insert}', '{"owner=ann"}', NULL, NULL, NULL, 10) r WHERE r.event = 'schema'), 1::bigint,
          'whatever events the stream has');
SELECT is((SELECT count(*) FROM herald.replay(0, 0, 1000, '{others}', NULL, NULL, NULL, NULL, NULL, 10) r WHERE r.event = 'schema'), 0::bigint, 'not to others');

CREATE FUNCTION test.tells(ddl text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE ddl; RETURN test.look(); END $$;
SELECT ok(test.tells(ddl), ddl) FROM unnest(ARRAY['ALTER TABLE orders RENAME note TO remark', 'ALTER TABLE orders ALTER remark TYPE varchar(20)', 'ALTER TABLE orders ALTER remark SET NOT NULL',
  'ALTER TABLE orders ADD CHECK (remark IN (''a'', ''b''))', 'ALTER TABLE orders DROP COLUMN remark', 'ALTER TABLE orders DROP CONSTRAINT orders_pkey', 'ALTER TABLE orders RENAME TO requests']) ddl;
SELECT ok(NOT test.tells(ddl), 'not: ' || ddl) FROM unnest(ARRAY['ALTER TABLE requests ALTER secret TYPE varchar(9)', 'CREATE INDEX ON requests (owner)', 'ALTER TABLE requests ALTER owner SET DEFAULT ''x''',
  'INSERT INTO requests VALUES (1, ''ann'')', 'ALTER TABLE others ADD x int']) ddl;

SELECT test.shapes() AS before \gset
SELECT herald.rule('requests', 'made', 'insert', data => 'public.f(NEW.id)');
SELECT is(test.shapes(), :before + 1::bigint, 'a rule tells it with its transaction');
SELECT herald.rule('requests', 'made', 'insert', data => 'public.f(NEW.id)');
SELECT is(test.shapes(), :before + 1::bigint, 'the same again does not');
CREATE OR REPLACE FUNCTION public.f(int) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('b', $1) $$;
SELECT ok(test.look(), 'a function that a rule names is looked at');
CREATE FUNCTION public.U&"i\00C9"(int) RETURNS int LANGUAGE sql AS 'SELECT 7';
SELECT is(herald.rule_texts(U&'Public.I\00C9 (NEW.id)'), ARRAY[U&'Public.I\00C9 (NEW.id)', 'SELECT 7'], 'by the name that PostgreSQL makes of it');
BEGIN;
SELECT herald.unrule('requests');
INSERT INTO requests VALUES (2, 'ann');
SELECT herald.rule('requests', 'other', 'insert');
COMMIT;
SELECT is((SELECT array_agg(event ORDER BY id) FROM (SELECT event, id FROM herald.changes ORDER BY id DESC LIMIT 2) l), '{schema,orders.insert}', 'once a transaction, before the events of the new shape');
SELECT test.shapes() AS before \gset
BEGIN;
SELECT herald.unrule('requests'), herald.rule('requests', 'other', 'insert');
COMMIT;
SELECT is(test.shapes(), :before::bigint, 'what ends as it was is not told');
BEGIN;
SELECT herald.unrule('requests');
ROLLBACK;
SELECT is(test.shapes(), :before::bigint, 'nor what is rolled back');
SELECT is((SELECT count(*) FROM herald.reshapes), 0::bigint, 'nothing stays behind');

-- Its transaction makes the trigger functions again, so that no event of the old shape comes after it, however soon a look is cut off.
ALTER TABLE requests RENAME TO wishes;
SELECT test.shapes() AS before \gset
SELECT isnt(herald.look_step('shapes ', now()), NULL, 'a look that has no time for more than one topic');
SELECT until FROM (SELECT herald.look_step('shapes ', clock_timestamp() + '1 min') AS until) l \gset
SELECT is(test.shapes(), :before + 1::bigint, 'tells of it');
INSERT INTO wishes VALUES (3, 'ann');
SELECT is((SELECT data ->> 'table' FROM herald.changes ORDER BY id DESC LIMIT 1), 'public.wishes', 'and the next event is of the new shape');
ALTER TABLE wishes RENAME TO requests;
SELECT test.look();
SELECT test.shapes() AS before \gset

-- Who changes a shape holds up nobody that looks.
SELECT dblink_connect('other', test.self());
SELECT dblink_exec('other', 'BEGIN');
SELECT dblink_exec('other', 'ALTER TABLE requests ADD COLUMN open int');
SELECT * FROM dblink('other', 'SELECT herald.watch(''requests'', ''orders'', ''{owner}'')::text') AS r(x text);
SET statement_timeout = '30s';
SELECT is(test.look(), false, 'one that is not committed is not waited for');
SELECT dblink_exec('other', 'COMMIT');
SELECT is(test.shapes(), :before + 1::bigint, 'it tells it itself');
SELECT herald.watch('requests', 'elsewhere');
SELECT is((SELECT topic FROM herald.changes WHERE event = 'schema' ORDER BY id DESC LIMIT 1), 'orders', 'a table that leaves a topic is told to that');

-- A rule of that name, from before it was taken.
INSERT INTO herald.rules (target, event, operation, condition) VALUES ('others', 'schema', 'insert', 'true');
\ir ../../sql/install.sql
SET client_min_messages = warning;
INSERT INTO others VALUES (1);
SELECT is((SELECT event FROM herald.changes ORDER BY id DESC LIMIT 1), 'schema', 'an older rule of this name is no obstacle');
SELECT lives_ok('SELECT herald.schema()', 'nor for the contract');
SELECT throws_ok($$SELECT herald.rule('others', 'schema', 'insert')$$, '42939', NULL, 'a new one is refused');
SELECT finish();
