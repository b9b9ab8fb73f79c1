-- Event and topic names: 1 to 200 characters, no control characters; the protocol's own event names are taken.
BEGIN;
SELECT plan(26);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
SELECT throws_ok(format('SELECT herald.rule(''things'', %L, ''insert'')', name), '42939', NULL, 'a rule for ' || name || ' is refused')
  FROM unnest('{connected,snapshot,ready,reset,left,bulk,expiring,closing,schema,ping,error,open,message}'::text[]) name;
SELECT throws_like($$SELECT herald.publish('t', 'left', '{}')$$, 'pgherald: event name ''left'' is taken by the protocol',
  'publishing one is refused too, with a sentence');
SELECT throws_like($$SELECT herald.publish('t', 'error', '{}')$$, 'pgherald: event name ''error'' is one that EventSource dispatches itself',
  'and one that would call a page''s onerror');
SELECT throws_ok(format('SELECT herald.publish(''t'', %L, ''{}'')', name), '22023', NULL, 'an event name ' || what || ' is refused')
  FROM (VALUES (E'a\nb', 'with a newline'), (E'a\rb', 'with a carriage return'), ('', 'that is empty'), (NULL, 'that is NULL'),
               (repeat('x', 201), 'of 201 characters'), (E'a\u0085b', 'with a C1 control')) v(name, what);
SELECT throws_ok($$SELECT herald.publish(E't\n', 'e', '{}')$$, '22023', NULL, 'a topic with a newline is refused');
SELECT throws_ok($$SELECT herald.watch('things', topic => '')$$, '22023', NULL, 'an empty topic is refused');
SELECT throws_ok($$SELECT herald.rule('things', E'a\nb', 'insert')$$, '22023', NULL, 'a rule with a newline is refused');
SELECT lives_ok(format('SELECT herald.publish(''t'', %L, ''{}'')', repeat('é', 200)), 'an event name of 200 characters is taken');
SELECT lives_ok($$SELECT herald.publish('prix: 5 €', 'été "x" \ : y', '{}')$$, 'and any printable characters');
SELECT finish();
ROLLBACK;
