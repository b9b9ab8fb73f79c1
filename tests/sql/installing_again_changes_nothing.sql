-- install.sql on a database that has it: same tables, same watches, same log; functions are made anew.
SELECT plan(7);
CREATE TABLE things (id int);
SELECT herald.watch('things');
SELECT herald.rule('things', 'made', 'insert');
SELECT herald.stream('/things', '{things}');
INSERT INTO things VALUES (1);
SELECT herald.tick();
CREATE TABLE before AS SELECT (SELECT count(*) FROM herald.migrations) AS migrations, (SELECT jsonb_agg(t) FROM herald.ticks t) AS ticks,
  (SELECT jsonb_agg(c) FROM herald.changes c) AS changes, (SELECT jsonb_agg(s) FROM herald.streams s) AS streams;
DROP FUNCTION herald.unstream(text);
\ir ../../sql/install.sql
SELECT is((SELECT count(*) FROM herald.migrations), (SELECT migrations FROM before), 'no migration is applied twice');
SELECT is((SELECT jsonb_agg(t) FROM herald.ticks t), (SELECT ticks FROM before), 'the ticks stay');
SELECT is((SELECT jsonb_agg(c) FROM herald.changes c), (SELECT changes FROM before), 'the log stays');
SELECT is((SELECT jsonb_agg(s) FROM herald.streams s), (SELECT streams FROM before), 'the streams stay');
SELECT has_function('herald', 'unstream', '{text}', 'a function that was lost is back');
INSERT INTO things VALUES (2);
SELECT is(test.events(), '{made,made}', 'the watch and its rule go on');
SELECT ok(NOT has_function_privilege('public', 'herald.unstream(text)', 'EXECUTE'), 'and is not for PUBLIC');
SELECT finish();
