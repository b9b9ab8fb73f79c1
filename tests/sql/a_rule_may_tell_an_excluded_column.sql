-- The data of a rule may name a column that the watch excludes. An update of nothing else is no event, though a rule asks for it.
BEGIN;
SELECT plan(4);
CREATE TABLE orders (id int PRIMARY KEY, status text, note text);
SELECT herald.watch('orders', exclude => '{note}');
SELECT herald.rule('orders', 'noted', 'any', data => 'jsonb_build_object(''note'', NEW.note)');
SELECT herald.rule('orders', 'renoted', 'update', condition => 'NEW.note <> OLD.note');

INSERT INTO orders VALUES (1, 'new', 'ring twice');
SELECT is(test.events(), '{noted}', 'a rule makes an event');
SELECT is(test.last(), '{"note": "ring twice"}', 'with the column that it names');
UPDATE orders SET note = 'do not ring';
SELECT is(test.events(), '{noted}', 'an update of that column alone is no event');
UPDATE orders SET note = 'ring', status = 'paid';
SELECT is(test.events(), '{noted,noted,renoted}', 'an update of another column, too, is one');
SELECT finish();
ROLLBACK;
