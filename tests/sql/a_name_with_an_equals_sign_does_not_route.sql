-- Routing keys are 'name=value'. A name with an equals sign in it would make the key of another column: nobody may give one, and what
-- was given before it was refused routes to nobody.
SELECT plan(10);
SET client_min_messages = error;
CREATE TABLE t (id int PRIMARY KEY, a text, "a=b" text);
SELECT throws_ok($$SELECT herald.watch('t', audience => '{a,"a=b"}')$$, '22023', 'pgherald: ''a=b'' cannot route: its name holds an equals sign', 'watch refuses it');
SELECT is((SELECT count(*) FROM herald.watches), 0::bigint, 'and watches nothing');
SELECT throws_ok($$SELECT herald.stream('/t', '{t}', match => '{"a=b": "params.x"}')$$, '22023', NULL, 'stream refuses it');
SELECT throws_ok($$SELECT herald.publish('t', 'e', '1', '{"a=b": "c"}')$$, '22023', NULL, 'publish refuses it');
SELECT lives_ok($$SELECT herald.watch('t', audience => '{a}')$$, 'such a column may be there');
INSERT INTO t VALUES (1, 'b=c', 'x');
SELECT is((SELECT audience FROM herald.changes), '{a=b=c}', 'and so may an equals sign in a value');
SELECT herald.publish('t', 'e', '1', '{"a": "b=c"}');
SELECT is((SELECT audience FROM herald.changes ORDER BY id DESC LIMIT 1), '{a=b=c}', 'also one that is published');

-- Of before.
UPDATE herald.watches SET audience = '{a,"a=b"}';
SELECT herald.capture(w) FROM herald.watches w;
INSERT INTO t VALUES (2, 'ann', 'secret');
SELECT is((SELECT audience::text FROM herald.changes ORDER BY id DESC LIMIT 1), '{a=ann,NULL}', 'a watch of before routes by the other columns');
INSERT INTO herald.streams (path, topics, match, require, format, sealed, anonymous) VALUES ('/t', '{t}', '{"a=b": "params.x"}', '{}', 'named', false, true);
SELECT matches((SELECT string_agg(d.says, ' ') FROM herald.streams s, herald.doubts(s) d), 'match names ''a=b'', which cannot route', 'a stream of before is told of');
SELECT throws_ok($$SELECT herald.watch('t')$$, '22023', NULL, 'watching again says so');
SELECT finish();
