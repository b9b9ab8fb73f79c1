-- herald.explain_for says for whom a change is as herald.replay does, and for each thing alone whether that stands in the way.
SELECT plan(9);
SELECT herald.publish('a', 'x', '1', '{"user": "1", "store": ["s", "t"]}'), herald.publish('a', 'y', '1'), herald.publish('b', 'x', '1', '{"user": "2"}');
INSERT INTO herald.changes (topic, event, audience, unless, data) VALUES ('a', 'left', '{user=1}', '{user=2}', '{}'), ('a', 'bulk', '{*}', NULL, '{}'), ('a', 'x', '{NULL}', NULL, '{}');
SELECT herald.tick();

CREATE TABLE who (topics text[], events text[], key1 text[], key2 text[]);
INSERT INTO who SELECT t::text[], e::text[], k::text[], l::text[]
  FROM unnest('{"{a}","{b}","{a,b}"}'::text[]) t, unnest('{"{x}","{y}","{}",NULL}'::text[]) e,
       unnest('{"{user=1}","{user=2}","{user=1,user=2}","{user=3}",NULL}'::text[]) k, unnest('{"{store=s}","{store=u}",NULL}'::text[]) l;
CREATE VIEW asked AS SELECT w.*, c.id, e.passes, e.topic AND e.event AND e.keys[1] AND e.keys[2] AND e.unless AS each
  FROM who w, herald.changes c, herald.explain_for(c.xid, c.id, w.topics, w.events, w.key1, w.key2, NULL, NULL) e;
SELECT is((SELECT count(*) FROM asked), 3 * 4 * 5 * 3 * 6::bigint, 'every subscriber is asked about every change');
SELECT is((SELECT count(*) FROM asked a WHERE a.passes IS DISTINCT FROM EXISTS (SELECT FROM herald.replay(0, 0, 99, a.topics, a.events, a.key1, a.key2, NULL, NULL, 100) r WHERE r.id = a.id)),
  0::bigint, 'the answer is what replay shows');
SELECT is((SELECT count(*) FROM asked WHERE passes IS DISTINCT FROM each), 0::bigint, 'and is yes where nothing stands in the way');
SELECT ok((SELECT count(*) FROM asked WHERE passes) BETWEEN 50 AND 900, 'both answers are given');

CREATE FUNCTION why(change bigint, topics text[], events text[], key1 text[]) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', e.topic, e.event, e.keys[1], e.unless) FROM herald.changes c, herald.explain_for(c.xid, c.id, topics, events, key1, NULL, NULL, NULL) e WHERE c.id = change $$;
SELECT is(why(1, '{b}', '{x}', '{user=1}'), 'f t t t', 'the topic alone');
SELECT is(why(1, '{a}', '{y}', '{user=1}'), 't f t t', 'the event alone');
SELECT is(why(1, '{a}', '{x}', '{user=2}'), 't t f t', 'a key alone');
SELECT is(why(4, '{a}', '{x}', '{user=1,user=2}'), 't t t f', 'who sees the row still, alone');
SELECT is((SELECT passes FROM herald.explain_for('3', 999, '{a}', NULL, NULL, NULL, NULL, NULL)), NULL, 'what is not there is for nobody');
SELECT finish();
