-- The log is written in the writer's transaction: a rollback, or a savepoint's, takes the event along.
SELECT plan(4);
CREATE TABLE things (id int PRIMARY KEY);
SELECT herald.watch('things');
BEGIN;
INSERT INTO things VALUES (1);
ROLLBACK;
SELECT is(test.events(), NULL, 'a transaction that rolls back leaves nothing');
SELECT is(herald.tick(), NULL, 'and makes no tick');
BEGIN;
INSERT INTO things VALUES (2);
SAVEPOINT s;
INSERT INTO things VALUES (3);
ROLLBACK TO s;
INSERT INTO things VALUES (4);
COMMIT;
SELECT herald.tick();
SELECT is((SELECT array_agg(key::jsonb ->> 'id') FROM herald.read(0)), '{2,4}',
  'what a savepoint takes back is not delivered, the rest is');
DO $$ BEGIN INSERT INTO things VALUES (5); INSERT INTO things VALUES (5); EXCEPTION WHEN unique_violation THEN NULL; END $$;
SELECT is(herald.tick(), NULL, 'a caught error is a savepoint');
SELECT finish();
