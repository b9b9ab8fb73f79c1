-- herald.doubts names streams that can show nothing of their watched tables, and those that show everybody everything; herald.stream
-- takes them all the same. What herald.publish sends cannot be known, and is never called wrong for certain.
SELECT plan(36);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, store text);
CREATE TABLE notes (id int PRIMARY KEY, user_id int);
CREATE TABLE plain (id int PRIMARY KEY);
SELECT herald.watch('orders', audience => '{user_id}'), herald.watch('notes'), herald.watch('plain');
CREATE FUNCTION may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';

-- What is said of stream /s, '<kind> <outcome>' each; test.says(): the sentences, test.advice(): what to do.
CREATE FUNCTION test.doubts() RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(d.kind || ' ' || d.outcome), '{}') FROM herald.streams s, herald.doubts(s) d WHERE s.path = '/s' $$;
CREATE FUNCTION test.says() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(d.says, '; ') FROM herald.streams s, herald.doubts(s) d WHERE s.path = '/s' $$;
CREATE FUNCTION test.advice() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(d.advice, '; ') FROM herald.streams s, herald.doubts(s) d WHERE s.path = '/s' $$;

SELECT herald.stream('/s', '{orders}', match => '{"user_id": "claims.sub"}', events => '{orders.update,orders.truncate,left,bulk}');
SELECT is(test.doubts(), '{}', 'a stream that fits its table is not doubted');

-- a match key
SELECT herald.stream('/s', '{orders}', match => '{"userid": "claims.sub"}');
SELECT is(test.doubts(), '{"match !"}', 'a misspelt key is');
SELECT is(test.says(), 'table public.orders of topic ''orders'' has no audience userid: none of its rows can match, only herald.publish can send events of it', 'with the key');
SELECT is(test.advice(), 'define the stream anew, its match by user_id, which its tables have as audience', 'and the right one');
SELECT herald.stream('/s', '{orders}', match => '{"user_id": "claims.sub", "store": "params.store"}');
SELECT is(test.advice(), 'pgherald watch public.orders --audience user_id,store', 'a column that is no audience may become one, beside those that are');
SELECT herald.stream('/s', '{notes}', match => '{"user_id": "claims.sub"}');
SELECT is(test.advice(), 'pgherald watch public.notes --audience user_id', 'also of a table without audience');
SELECT herald.stream('/s', '{plain}', match => '{"user_id": "claims.sub"}');
SELECT is(test.advice(), 'pgherald watch public.plain --audience COLUMN, and define the stream anew, its match by that column', 'and one that has no such column');
SELECT herald.stream('/s', '{orders,notes}', match => '{"user_id": "claims.sub"}');
SELECT is(test.says(), 'table public.notes of topic ''notes'' has no audience user_id: none of its rows can match, only herald.publish can send events of it', 'each topic is looked at');

-- several tables of one topic
SELECT herald.watch('notes', topic => 'orders');
SELECT herald.stream('/s', '{orders}', match => '{"user_id": "claims.sub"}');
SELECT is(test.doubts(), '{}', 'it is enough that one table of a topic has the key');
SELECT herald.stream('/s', '{orders}', match => '{"owner": "claims.sub"}');
SELECT matches(test.says(), '^no table of topic ''orders'' has the audience owner:', 'that none has it is said of the topic');
ALTER TABLE notes ADD kind text;
SELECT herald.watch('notes', audience => '{kind}');
SELECT herald.stream('/s', '{orders}', match => '{"user_id": "claims.sub", "kind": "=x"}');
SELECT matches(test.says(), '^no table of topic ''orders'' has the audience kind and user_id:', 'two keys that no table has together match nothing');
SELECT herald.watch('notes', topic => 'notes', audience => '{}');

-- a routing column that is gone
SELECT herald.stream('/s', '{orders}', match => '{"user_id": "claims.sub"}');
ALTER TABLE orders RENAME user_id TO customer;
SELECT is(test.doubts(), '{"match !"}', 'a routing column that has got another name is none');
ALTER TABLE orders RENAME customer TO user_id;

-- names of events
SELECT herald.stream('/s', '{orders}', match => '{"user_id": "claims.sub"}', events => '{order.update,orders.update}');
SELECT is(test.doubts(), '{"events !"}', 'an event that nothing makes is doubted');
SELECT is(test.says(), 'no table of its topics makes ''order.update'': only herald.publish can send it', 'with its name');
SELECT is(test.advice(), 'are the names right? Its tables make orders.delete, orders.insert, orders.truncate, orders.update', 'and those that there are');
SELECT herald.rule('orders', 'order_paid', 'update');
SELECT herald.stream('/s', '{orders}', match => '{"user_id": "claims.sub"}', events => '{order_paid}');
SELECT is(test.doubts(), '{}', 'an event of a rule is made');
SELECT herald.stream('/s', '{orders}', match => '{"user_id": "claims.sub"}', events => '{orders.update}');
SELECT is(test.doubts(), '{"events !"}', 'a default event is not, where the table has rules');
SELECT herald.stream('/s', '{orders,notes}', events => '{notes.insert}', require => '{"role": ["admin"]}');
SELECT is(test.doubts(), '{}', 'it is enough that a table of one topic makes it');
SELECT herald.stream('/s', '{orders}', match => '{"user_id": "claims.sub"}', events => '{}');
SELECT is(test.doubts(), '{"events !"}', 'no event at all');

-- what herald.publish sends
SELECT herald.stream('/s', '{news}', match => '{"user_id": "claims.sub"}', events => '{sale_begins}');
SELECT is(test.doubts(), '{"topic !"}', 'of a topic that is not watched only this is said');
SELECT is(test.says(), 'no table is watched as topic ''news'': only herald.publish can send it events', 'and who may serve it');
SELECT is(test.advice(), 'pgherald watch TABLE --topic ''news''', 'and how a table may do so');
SELECT herald.stream('/s', '{public.orders}', match => '{"user_id": "claims.sub"}');
SELECT is(test.advice(), 'define the stream anew: table public.orders has the topic ''orders''', 'the name of a watched table is not made a topic');
SELECT herald.stream('/s', '{*}', match => '{"user_id": "claims.sub"}');
SELECT is(test.advice(), 'name each topic: * is a name like any other, and no pattern', 'of * what it is not');
SELECT herald.stream('/s', '{orders,news}', match => '{"user_id": "claims.sub"}', events => '{order_paid,sale_begins}');
SELECT is(test.doubts(), '{"topic !","events -"}', 'beside it an event is likely to be its own');
SELECT herald.publish('orders', 'sale_begins', '{}', '{"user_id": 7}');

-- everybody sees everything
SELECT herald.stream('/s', '{orders,plain}');
SELECT is(test.doubts(), '{"open !"}', 'all rows of a table with audience to all who have a token');
SELECT is(test.says(), 'everybody with a token sees all rows of public.orders, which have an audience: it has no match, no require and no authorize', 'is said');
SELECT herald.stream('/s', '{orders,plain}', require => '[{"role": ["admin"]}, {}]');
SELECT is(test.doubts(), '{"open !"}', 'an alternative that requires nothing requires nothing');
SELECT herald.stream('/s', '{orders}', anonymous => true);
SELECT matches(test.says(), '^everybody sees all rows', 'or to all at all');
SELECT herald.stream('/s', '{orders}', require => '{"role": ["admin"]}');
SELECT is(test.doubts(), '{}', 'those who have a role may');
SELECT herald.stream('/s', '{orders}', authorize => 'public.may');
SELECT is(test.doubts(), '{}', 'and those whom the application lets in');
SELECT herald.stream('/s', '{plain}', anonymous => true);
SELECT is(test.doubts(), '{}', 'a table without audience is for all');

-- A watch whose table is gone is told of elsewhere; where the log is another database's, watches are too.
CREATE TABLE gone (id int PRIMARY KEY);
SELECT herald.watch('gone');
SELECT herald.stream('/s', '{gone}', match => '{"user_id": "claims.sub"}', events => '{x}');
DROP TABLE gone;
SELECT is(test.doubts(), '{}', 'a table that is gone is no doubt of the stream');
SELECT herald.stream('/s', '{news}');
SELECT is(test.doubts(), '{"topic !"}', 'here the log is its own');
SET allow_system_table_mods = on;
SELECT lives_ok($$INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate) VALUES (1, 'herald.ticks'::regclass, 'r')$$, 'as if it subscribed to the log');
SELECT is(test.doubts(), '{}', 'a subscriber of the log doubts nothing');
DELETE FROM pg_subscription_rel;
SELECT finish();
