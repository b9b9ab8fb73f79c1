-- herald.rule finds a wrong expression at once, and leaves the table as it was.
BEGIN;
SELECT plan(16);
CREATE TABLE things (id int PRIMARY KEY, name text);
SELECT herald.watch('things');
CREATE FUNCTION refuse(condition text, data text, what text) RETURNS text LANGUAGE sql AS $$
  SELECT throws_ok(format('SELECT herald.rule(''things'', ''e'', ''insert'', %L, %L)', condition, data), '42601', NULL, what || ' is refused') $$;

SELECT refuse('NEW.id >', NULL, 'half an expression');
SELECT refuse('', NULL, 'no expression');
SELECT refuse('NEW.id > 1 OR', NULL, 'a hanging operator');
SELECT refuse(NULL, 'jsonb_build_object(', 'an open parenthesis');
SELECT refuse('true); DELETE FROM things; x := (true', NULL, 'a condition of several statements');
SELECT refuse(NULL, $$'{}'::jsonb); DELETE FROM things; x := ('{}'$$, 'data of several statements');
SELECT refuse('NEW.nope = 1', NULL, 'a column that is not there');
SELECT refuse('nofunc(NEW.id)', NULL, 'a function that is not there');
SELECT refuse('EXISTS (SELECT FROM things)', NULL, 'a table without its schema');
SELECT refuse('1', NULL, 'a condition that is no boolean');
SELECT refuse(NULL, 'NEW.name', 'data that is no jsonb');
SELECT refuse(NULL, '''not json''', 'a literal that is no jsonb');
SELECT throws_like($$SELECT herald.rule('things', 'e', 'insert', 'NEW.nope = 1')$$,
  'pgherald: the rule''s condition is not usable: column new.nope does not exist', 'the sentence says what is wrong');
SELECT throws_ok($$SELECT herald.rule('things', 'e', 'upsert')$$, '22023', 'pgherald: operation ''upsert'' is unknown',
  'an unknown operation is refused');

INSERT INTO things VALUES (1, 'a');
SELECT is(test.events(), '{things.insert}', 'the table goes on as before');
SELECT lives_ok($$SELECT herald.rule('things', 'e', 'insert', 'EXISTS (SELECT FROM public.things t WHERE t.id = NEW.id)', 'to_jsonb(NEW)')$$,
  'an expression may ask other tables by their full names');
SELECT finish();
ROLLBACK;
