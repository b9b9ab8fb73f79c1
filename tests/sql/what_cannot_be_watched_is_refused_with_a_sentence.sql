-- herald.watch says why it refuses.
BEGIN;
SELECT plan(13);
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW a_view AS SELECT * FROM t;
CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM t;
CREATE TEMPORARY TABLE a_temp (id int);
CREATE SEQUENCE a_sequence;
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE a_foreign (id int) SERVER nowhere;

SELECT throws_ok($$SELECT herald.watch('a_view')$$, '42809',
  'pgherald: cannot watch ''public.a_view'': it is a view: watch the tables it reads', 'a view is refused');
SELECT throws_ok($$SELECT herald.watch('a_matview')$$, '42809',
  'pgherald: cannot watch ''public.a_matview'': it is a materialized view: watch the tables it reads', 'a materialized view is refused');
SELECT throws_ok($$SELECT herald.watch('a_foreign')$$, '42809',
  'pgherald: cannot watch ''public.a_foreign'': it is a foreign table: its changes happen on another server', 'a foreign table is refused');
SELECT throws_ok($$SELECT herald.watch('a_temp')$$, '42809', NULL, 'a temporary table is refused');
SELECT throws_like($$SELECT herald.watch('a_temp')$$, '%it is temporary: nobody else can see it', 'and the reason is said');
SELECT throws_ok($$SELECT herald.watch('a_sequence')$$, '42809',
  'pgherald: cannot watch ''public.a_sequence'': it is not a table', 'a sequence is refused');
SELECT throws_like($$SELECT herald.watch('pg_class')$$, '%it is a system table', 'a system table is refused');
SELECT throws_like($$SELECT herald.watch('herald.changes')$$, '%it belongs to pgherald itself', 'the log itself is refused');
SELECT throws_ok('SELECT herald.watch(NULL)', '42P01', 'pgherald: no table given, or it does not exist', 'NULL is refused');
SELECT throws_ok($$SELECT herald.watch('missing')$$, '42P01', 'relation "missing" does not exist', 'a missing table is refused');
SELECT throws_ok($$SELECT herald.watch('t', audience => '{user_id}')$$, '42703',
  'pgherald: table ''public.t'' has no column ''user_id''', 'a missing routing column is refused by its name');
SELECT throws_ok($$SELECT herald.watch('t', exclude => '{id,nope}')$$, '42703',
  'pgherald: table ''public.t'' has no column ''nope''', 'a missing excluded column is refused by its name');
SELECT is((SELECT count(*) FROM herald.watches), 0::bigint, 'nothing of the refused is left behind');
SELECT finish();
ROLLBACK;
