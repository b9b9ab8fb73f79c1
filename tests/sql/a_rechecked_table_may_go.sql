-- A table that a stream names in `recheck` is dropped, or gets another name: other streams are made and taken away as before, doctor says it, and
-- a renamed one goes on to tell whom to ask again.
SELECT plan(17);
CREATE FUNCTION public.may(claims jsonb, params jsonb) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE SCHEMA app;
CREATE TABLE app.members (who text);
CREATE TABLE app."Guests" (who text);
SELECT herald.watch('app.members');
SELECT throws_like(format($$SELECT herald.stream('/n', '{members}', authorize => 'public.may', recheck => %L)$$, r), m, 'refused: ' || r)
  FROM (VALUES ('{"app.nobody": null}', '%app.nobody%'), ('{"app.nobody": "who"}', '%app.nobody%'), ('{"members": "who"}', '%members%'), ('{"pg_class": null}', 'pgherald: recheck names ''pg_class''%'),
               (format('{"%s": "who"}', 'app.members'::regclass::oid), '%does not exist')) v(r, m);
SELECT herald.stream('/m', '{members}', authorize => 'public.may', recheck => '{"app.members": "who"}');
SELECT herald.stream('/g', '{members}', authorize => 'public.may', recheck => '{"app.\"Guests\"": "who"}');
SELECT is((SELECT count(*) FROM herald.streams s, herald.doubts(s) d WHERE d.kind = 'recheck'), 0::bigint, 'nothing is odd about what is there');

DROP TABLE app."Guests";
ALTER TABLE app.members RENAME TO people;
SELECT lives_ok($$SELECT herald.stream('/other', '{members}')$$, 'another stream is made');
SELECT lives_ok($$SELECT herald.unstream('/other')$$, 'and taken away');
SELECT is((SELECT array_agg(s.path || ': ' || d.says ORDER BY s.path) FROM herald.streams s, herald.doubts(s) d WHERE d.kind = 'recheck'),
  '{"/g: its recheck names app.\"Guests\", and there is no such table (any more): was it dropped, or renamed?","/m: its recheck names app.members, and there is no such table (any more): was it dropped, or renamed?"}',
  'what is gone is told');
INSERT INTO app.people VALUES ('ann');
SELECT is((SELECT data FROM herald.changes WHERE event = 'recheck'), '{"sub": "ann"}', 'what was renamed goes on');
CREATE TABLE app.members (who text);
SELECT is((SELECT d.says FROM herald.streams s, herald.doubts(s) d WHERE d.kind = 'recheck' AND s.path = '/m'),
  'its recheck names app.members, and that has no trigger for it: a change there asks nobody again', 'so is another table that has got its name');
SELECT herald.stream('/other', '{members}');
INSERT INTO app.members VALUES ('bob');
SELECT is((SELECT array_agg(data ->> 'sub' ORDER BY id) FROM herald.changes WHERE event = 'recheck'), '{ann,bob}', 'which tells from then on that any stream is made');
SELECT lives_ok($$SELECT herald.unstream('/g')$$, 'a stream whose table is gone is taken away');
SELECT lives_ok($$SELECT herald.stream('/m', '{members}', authorize => 'public.may', recheck => '{"app.people": "who"}')$$, 'the stream is defined anew');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgfoid = 'herald.tell_recheck'::regproc), 2::bigint, 'with the triggers that are there');
SELECT lives_ok($$SELECT herald.unstream('/m')$$, 'it is taken away');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgfoid = 'herald.tell_recheck'::regproc), 0::bigint, 'and its triggers');
SELECT finish();
