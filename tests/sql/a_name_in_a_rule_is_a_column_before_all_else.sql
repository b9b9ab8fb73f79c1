-- A rule's sub-select may read a table whose columns are called as anything that a trigger function knows: what herald.rule has
-- accepted yields its event.
SELECT plan(5);
CREATE TABLE terms (key text PRIMARY KEY, value text, again boolean, seen_by text, left_by text, left_unless text, left_key text, row_now text, row_was text,
  data_1 text, found text, sqlstate text, sqlerrm text, tg_op text, tg_relid text, tg_argv text, tg_table_name text, new text, old text, "!key" text, "!data_1" text);
INSERT INTO terms SELECT 'vat', '21', true, 's', 'l', 'u', 'k', 'n', 'w', 'd', 'f', 'q', 'e', 'o', 'r', 'a', 't', 'N', 'O', '!', '!!';
CREATE TABLE things (id int PRIMARY KEY, n int);
SELECT herald.watch('things');
SELECT herald.rule('things', 'priced', 'insert', NULL,
  $$(SELECT jsonb_build_array(NEW.id, value, again, seen_by, left_by, left_unless, left_key, row_now, row_was, data_1, found, sqlstate, sqlerrm,
      tg_op, tg_relid, tg_argv, tg_table_name, terms.new, "!key", "!data_1") FROM public.terms WHERE key = 'vat' AND again)$$);
INSERT INTO things VALUES (1, 1);
SELECT is(test.events(), '{priced}', 'a table with such columns may be read');
SELECT is(test.last(), '[1, "21", true, "s", "l", "u", "k", "n", "w", "d", "f", "q", "e", "o", "r", "a", "t", "N", "!", "!!"]', 'and they are what is read');

SELECT herald.unrule('things'), herald.rule('things', 'listed', 'update', $$EXISTS (SELECT FROM public.terms WHERE again AND key = 'vat' AND found = 'f')$$);
UPDATE things SET n = 2;
SELECT is((test.events())[2:], '{listed}', 'also by a condition');

-- What is no column is refused, so that nothing of the function's own can be named.
SELECT throws_like($$SELECT herald.rule('things', 'x', 'insert', '"!seen_by" IS NULL')$$, '%not usable%', 'a variable of the function has no name in a rule');
SELECT throws_like($$SELECT herald.rule('things', 'x', 'insert', 'TG_OP = ''INSERT''')$$, '%not usable%', 'nor has one of PL/pgSQL');
SELECT finish();
