-- The text of a routing key is the same whatever the writer's session has set: DateStyle, TimeZone, IntervalStyle,
-- bytea_output, extra_float_digits. Otherwise who waits for day=2024-05-01 would miss the rows of some writers.
SELECT plan(4);
CREATE TABLE things (id int PRIMARY KEY, day date, at timestamptz, times timestamp[], span daterange, length interval, bytes bytea, f float8, v int);
SELECT herald.watch('things', audience => '{day,at,times,span,length,bytes,f}');
CREATE FUNCTION keys(name text) RETURNS SETOF text[] LANGUAGE sql AS 'SELECT DISTINCT audience FROM herald.changes WHERE event = name';
PREPARE writing(int) AS INSERT INTO things VALUES ($1, '2024-05-01'::date, '2024-05-01 10:00+00', ARRAY['2024-05-01 10:00'::timestamp], daterange('2024-05-01', '2024-05-02'),
  make_interval(days => 1, hours => 2), '\xdeadbeef', 0.1::float8 + 0.2::float8);
EXECUTE writing(1);
SELECT keys('things.insert') AS before \gset
SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'; SET IntervalStyle = 'iso_8601'; SET bytea_output = 'escape'; SET extra_float_digits = 0;
EXECUTE writing(2);
UPDATE things SET v = 1;
RESET ALL;
SELECT results_eq($$SELECT keys('things.insert')$$, format('SELECT %L::text[]', :'before'), 'two writers, one key');
SELECT results_eq($$SELECT keys('things.update')$$, format('SELECT %L::text[]', :'before'), 'also of an update');
SELECT ok(:'before'::text[] @> '{day=2024-05-01}', 'a date is as everybody writes it');
SELECT is((SELECT count(*) FROM herald.changes WHERE event = 'left'), 0::bigint, 'and nothing moves by that');
SELECT finish();
