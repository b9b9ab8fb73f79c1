-- Routing columns become keys 'column=value'; arrays one key for each element; NULL a key that matches nobody.
BEGIN;
SELECT plan(8);
CREATE TABLE orders (id int PRIMARY KEY, user_id uuid, store text, tags text[]);
SELECT herald.watch('orders', audience => '{store,user_id,tags}');
CREATE FUNCTION last_audience() RETURNS text[] LANGUAGE sql AS 'SELECT audience FROM herald.changes ORDER BY id DESC LIMIT 1';

INSERT INTO orders VALUES (1, '00000000-0000-4000-8000-00000000000A', 'lisboa', '{x,y}');
SELECT is(last_audience(), '{store=lisboa,user_id=00000000-0000-4000-8000-00000000000a,tags=x,tags=y}',
  'keys stand in the order of the routing columns, one for each element of an array');
INSERT INTO orders VALUES (2, NULL, NULL, '{}');
SELECT is(last_audience(), '{NULL,NULL}', 'NULL is a NULL element, an empty array no element');
SELECT ok(NOT herald.may_see('{NULL,NULL}', '{store=lisboa}', NULL, NULL, NULL), 'which no subscriber matches');
SELECT ok(NOT herald.may_see('{NULL}', '{user_id=}', NULL, NULL, NULL), 'not even one with an empty value');
INSERT INTO orders VALUES (3, NULL, 'a=b,"c" {}', ARRAY['', NULL, 'z']);
SELECT is(last_audience(), ARRAY['store=a=b,"c" {}', NULL, 'tags=', NULL, 'tags=z'], 'any text is a value');
DELETE FROM orders WHERE id = 1;
SELECT is(last_audience(), '{store=lisboa,user_id=00000000-0000-4000-8000-00000000000a,tags=x,tags=y}', 'a delete goes to those who had the row');
INSERT INTO orders VALUES (4, NULL, '*', '{}');
SELECT is(last_audience(), '{store=*,NULL}', 'a value of * is a value');

CREATE TABLE single (owner text);
SELECT herald.watch('single', audience => '{owner}');
INSERT INTO single VALUES ('*');
SELECT ok(NOT herald.may_see(last_audience(), '{owner=me}', NULL, NULL, NULL), 'and not everyone');
SELECT finish();
ROLLBACK;
