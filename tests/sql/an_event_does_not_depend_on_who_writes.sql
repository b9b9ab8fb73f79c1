-- Keys, rows, old values, keys that are left, and what rules make of a row are the same whatever the writer's session has set; and a
-- snapshot says the same. The session has its own settings back, at once.
SELECT plan(17);
CREATE TYPE span AS (since timestamptz, at date, length interval);
CREATE DOMAIN moment AS timestamptz;
CREATE TABLE things (id int, at timestamptz, bytes bytea, f float8, length interval, during tstzrange, days datemultirange, times timestamptz[], part span, m moment,
  g float4, place point, ring circle, price money, prices money[], doc xml, kind regtype, tz timetz, lengths interval[], n int,
  PRIMARY KEY (id, at, bytes, f, length, during));
CREATE TABLE plain (id int PRIMARY KEY, note text);
SELECT herald.watch('things', audience => '{at,m,n}'), herald.watch('plain');
CREATE PROCEDURE be(who text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE CASE who WHEN 'odd' THEN 'SET TimeZone = ''Asia/Kathmandu''; SET DateStyle = ''German, DMY''; SET IntervalStyle = sql_standard; SET bytea_output = escape; SET extra_float_digits = -5;'
                                   'SET xmlbinary = hex; SET quote_all_identifiers = on; SET search_path = pg_catalog, public, test'
                               WHEN 'third' THEN 'SET TimeZone = ''<+02>-02''; SET DateStyle = ''SQL, MDY''; SET IntervalStyle = iso_8601; SET extra_float_digits = 0'
                               ELSE 'RESET ALL; SET TimeZone = ''UTC''' END;
END $$;
CREATE FUNCTION settings() RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(current_setting(s), ' ') FROM unnest('{TimeZone,DateStyle,IntervalStyle,bytea_output,extra_float_digits,xmlbinary,quote_all_identifiers,search_path}'::text[]) s $$;
-- What the writers said since the last call, without what each says of itself.
CREATE FUNCTION said() RETURNS SETOF text LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM herald.changes RETURNING *)
  SELECT concat_ws(' ', event, audience, data, key, row_now, row_was) FROM gone ORDER BY id $$;

CREATE PROCEDURE write() LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.things VALUES (1, '2026-02-03 04:05:06.789+00', '\x00ff41', 0.1::float8 + 0.2, make_interval(days => 1, hours => 2),
    tstzrange('2026-01-01 00:00+00', '2026-02-01 00:00+00'), datemultirange(daterange('2026-01-01', '2026-01-05')), ARRAY['2026-01-01 00:00+00'::timestamptz],
    ROW('2026-01-01 00:00+00', '2026-02-03'::date, make_interval(months => 14))::public.span, '2026-01-01 12:00+00', 1.1::float4 / 3, point(0.1::float8 + 0.2, 1e-7), circle(point(0, 1), 0.1::float8 + 0.2),
    12.34, ARRAY[1::money], '<a/>', 'public.span', '04:05:06+02', ARRAY[make_interval(mins => 90)], 0);
  UPDATE public.things SET n = 1, price = 15;
  UPDATE public.things SET price = 17, at = at + interval '1 day', length = make_interval(days => 2);
  DELETE FROM public.things;
  INSERT INTO public.plain VALUES (1, 'x');
  DELETE FROM public.plain;
END $$;

CALL be('plain'); CALL write();
SELECT array_agg(s) AS plain FROM said() s \gset
CALL be('odd'); SELECT settings() AS odd \gset
CALL write();
SELECT is(settings(), :'odd', 'a session keeps its settings');
SELECT bag_eq('SELECT said()', format('SELECT unnest(%L::text[])', :'plain'), 'and writes the same events as another');
CALL be('third'); CALL write();
SELECT bag_eq('SELECT said()', format('SELECT unnest(%L::text[])', :'plain'), 'so does a third one');
CALL be('plain');
SELECT ok(:'plain' LIKE '%2026-02-03T04:05:06.789+00:00%' AND :'plain' LIKE '%0.30000000000000004%' AND :'plain' LIKE '%at=2026-02-03 04:05:06.789+00%', 'times are those of UTC, numbers are whole');
SELECT ok(:'plain' LIKE '%public.span%', 'a type is named with its schema');

-- A transaction that is halfway through something of its own.
CALL be('odd');
BEGIN;
SET LOCAL TimeZone = 'Asia/Tokyo';
CALL write();
SELECT is(current_setting('TimeZone'), 'Asia/Tokyo', 'what is set for a transaction stays');
SAVEPOINT s;
SET TimeZone = 'Europe/Lisbon';
CALL write();
ROLLBACK TO s;
SELECT is(current_setting('TimeZone'), 'Asia/Tokyo', 'and comes back with a savepoint');
SET TimeZone = 'Europe/Paris';
CALL write();
COMMIT;
SELECT is(current_setting('TimeZone'), 'Europe/Paris', 'what is set for the session stays after it');
SELECT is((SELECT count(DISTINCT s) FROM said() s), cardinality(:'plain'::text[])::bigint, 'and all wrote the same');

-- Who sees only some columns; what fails.
CALL be('plain');
SELECT herald.watch('things', columns => '{id,at,f}');
CALL be('odd');
INSERT INTO things (id, at, bytes, f, length, during, n) VALUES (1, '2026-02-03 04:05:06+00', 'a', 1, '1 day', 'empty', 1);
UPDATE things SET g = 5;
SELECT is(settings(), :'odd', 'settings come back where an update is no event');
SELECT is((SELECT count(*) FROM said()), 1::bigint, 'which it is not');
CALL be('plain'); SELECT herald.rule('things', 'told', 'any', '1 / NEW.n = 1', $$jsonb_build_object('at', NEW.at, 'f', NEW.f, 'day', NEW.at::date::text, 'length', NEW.length::text, 'bytes', NEW.bytes::text,
  'xml', (xmlelement(name b, NEW.bytes))::text)$$); CALL be('odd');
UPDATE things SET n = 0;
SELECT is(settings(), :'odd', 'and where its capture fails');
DELETE FROM things;

-- Rules.
CALL be('plain');
DELETE FROM herald.changes;
INSERT INTO things (id, at, bytes, f, length, during, n) VALUES (1, '2026-02-03 22:05:06+00', 'a', 0.1::float8 + 0.2, '1 day 2 hours', 'empty', 1);
SELECT array_agg(s) AS plain FROM said() s \gset
SELECT is((:'plain'::text[])[1] LIKE '%"day": "2026-02-03"%', true, 'a rule looks at times as in UTC');
CALL be('odd');
INSERT INTO public.things (id, at, bytes, f, length, during, n) VALUES (2, '2026-02-03 22:05:06+00', 'a', 0.1::float8 + 0.2, interval '1 day 2 hours', 'empty', 1);
SELECT bag_eq('SELECT said()', format('SELECT unnest(%L::text[])', :'plain'), 'and makes the same of a row whoever writes it');

CALL be('plain'); SELECT herald.unrule('things'); SELECT herald.rule('things', 'marked', 'any', $$xmlelement(name b, NEW.bytes)::text = '<b>YQ==</b>'$$);
DELETE FROM herald.changes; CALL be('odd');
UPDATE public.things SET n = 4 WHERE id = 2;
SELECT is((test.events())[1], 'marked', 'a condition alone, too');

-- A snapshot says a row as its events do.
CALL be('plain'); SELECT herald.unrule('things'); SELECT herald.watch('things', columns => '{*}');
DELETE FROM herald.changes; UPDATE things SET n = 3 WHERE id = 1;
CREATE FUNCTION public.state(claims jsonb, params jsonb) RETURNS SETOF jsonb LANGUAGE sql AS $$ SELECT to_jsonb(t) FROM public.things t WHERE t.id = 1 $$;
SELECT herald.stream('/things', '{things}', snapshot => 'public.state');
CALL be('odd');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT FROM herald.snapshot('/things', '{}', '{}');
FETCH 1 FROM herald_items \gset
COMMIT;
SELECT is(:'i', (SELECT row_now::text FROM herald.changes WHERE event = 'things.update'), 'a snapshot says the row as its event');
SELECT is(settings(), :'odd', 'and leaves the session as it was');
SELECT * FROM finish();
