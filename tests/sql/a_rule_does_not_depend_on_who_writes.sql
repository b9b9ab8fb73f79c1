-- What a rule makes of a row is the same whatever the writer's session has set. The session has its own settings back.
SELECT plan(8);
CREATE TABLE things (id int PRIMARY KEY, words text, day date);
CREATE TABLE looked (id int PRIMARY KEY);
CREATE TABLE plain (id int PRIMARY KEY, n int);
CREATE VIEW known AS SELECT 1 AS n;
CREATE DOMAIN tags AS text[];
SELECT herald.watch('things'), herald.watch('looked'), herald.watch('plain');
SELECT herald.rule('things', 'made', 'insert', $$NEW.day < '04/03/2026'$$, $$jsonb_build_object('date', '02/03/2024'::date, 'cast', NEW.words::date, 'array', ('{NULL}'::text[])[1] IS NULL,
  'null', NEW.words = NULL, 'xml', xmlparse(CONTENT 'x')::text, 'text', ('x' || NEW.words)::xml::text, 'zone', '2024-01-01 12:00 IST'::timestamptz, 'span', '-1 2:00:00'::interval::text,
  'search', to_tsvector('the foxes')::text, 'quoted', quote_ident('a'), 'quote', E'it\'s', 'char', to_char(1234.5, 'FM9G999D0'), 'month', to_char(NEW.day, 'TMMonth'))$$);
SELECT herald.rule('looked', 'made', 'insert', NULL, $$to_jsonb((SELECT n FROM public.known))$$);
SELECT herald.rule('plain', 'made', 'insert', NULL, $$jsonb_build_object('n', NEW.n)$$);
-- each setting, and what it is there for. One that this server does not know or does not take is none.
CREATE TABLE settings (name text, value text);
INSERT INTO settings VALUES ('DateStyle', 'ISO, DMY'), ('DateStyle', 'ISO, YMD'), ('DateStyle', 'SQL, DMY'), ('array_nulls', 'off'), ('transform_null_equals', 'on'), ('xmloption', 'document'),
  ('timezone_abbreviations', 'India'), ('IntervalStyle', 'sql_standard'), ('default_text_search_config', 'english'), ('quote_all_identifiers', 'on'), ('backslash_quote', 'off'),
  ('lc_numeric', 'de_DE.UTF-8'), ('lc_time', 'de_DE.UTF-8'), ('TimeZone', 'Asia/Tokyo'), ('restrict_nonsystem_relation_kind', 'view'), ('standard_conforming_strings', 'off');
INSERT INTO things VALUES (0, '05/06/2024', '2026-03-03');
INSERT INTO looked VALUES (0);
SELECT data AS expected FROM herald.changes WHERE topic = 'things' \gset
SELECT is(:'expected'::jsonb ->> 'date', '2024-02-03', 'texts are read as dates in the order of the server''s own default');
SELECT is((SELECT array_agg(v ORDER BY v) FROM jsonb_each_text(:'expected') e(k, v) WHERE k IN ('zone', 'null', 'quoted', 'quote')), '{2024-01-01T10:00:00+00:00,a,it''s,NULL}', 'and all else as without any setting');
-- a session of its own for each setting, because a session keeps what it has parsed
CREATE FUNCTION write(name text, value text, id int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  kept text;
BEGIN
  PERFORM dblink_connect('writer', test.self());
  BEGIN
    PERFORM dblink_exec('writer', format('SET %s = %L', name, value));
  EXCEPTION WHEN OTHERS THEN
    PERFORM dblink_disconnect('writer');
    RETURN NULL;
  END;
  SELECT s INTO kept FROM dblink('writer', format('SELECT current_setting(%L)', name)) d(s text);
  PERFORM dblink_exec('writer', format('INSERT INTO things VALUES (%1$s, ''05/06/2024'', ''2026-03-03''); INSERT INTO looked VALUES (%1$s)', id));
  SELECT CASE WHEN s <> kept THEN name END INTO kept FROM dblink('writer', format('SELECT current_setting(%L)', name)) d(s text);
  PERFORM dblink_disconnect('writer');
  RETURN kept;
END $$;
SELECT is((SELECT array_agg(w) FILTER (WHERE w IS NOT NULL) FROM (SELECT write(name, value, row_number() OVER ()::int) AS w FROM settings) s), NULL, 'a session keeps its settings');
SELECT is((SELECT array_agg(DISTINCT data) FROM herald.changes WHERE topic = 'things'), ARRAY[:'expected'::jsonb], 'and tells what every other one tells');
SELECT is((SELECT array_agg(DISTINCT data) FROM herald.changes WHERE topic = 'looked'), '{1}', 'so it is where a rule looks into a view');
SELECT is((SELECT faults FROM herald.status), NULL, 'none of them makes a rule fail');
SELECT ok(herald.settings_of(w) @> '{lc_numeric,lc_time}', 'to_char does not go by the locale of the session') FROM herald.watches w WHERE w.topic = 'things';
SELECT is(herald.settings_of(w), '{DateStyle,IntervalStyle,TimeZone,bytea_output,extra_float_digits}', 'a rule that names nothing of it asks for the usual settings only')
  FROM herald.watches w WHERE w.topic = 'plain';
SELECT finish();
