-- contrib/example: the work-order board (seed 002). One write may be several events.
\ir ../../contrib/example/install.sql
BEGIN;
SELECT plan(11);
\set b1 '\'00000000-0000-4000-8000-0000000000b1\''
-- What the board got since the last look: changeType and one more member of each event.
CREATE FUNCTION news(member text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  said text[];
BEGIN
  SELECT array_agg(concat_ws(':', data ->> 'changeType', data ->> member) ORDER BY id) INTO said
    FROM herald.changes WHERE event = 'workorder-update' AND data ? 'workOrderId';
  DELETE FROM herald.changes;
  RETURN said;
END $$;

UPDATE example.work_orders SET status = 'GOEDGEKEURD', board_column = 'Auto binnen', signature = 'ink' WHERE id = :b1;
SELECT is(news('from'), '{column:Nieuw,status:NIEUW}', 'a signature moves the card and changes its status: two events');
UPDATE example.work_orders SET board_column = 'Onder handen' WHERE id = :b1;
SELECT is(news('column'), '{"column:Onder handen"}', 'a move is one event');
UPDATE example.work_orders SET status = 'IN_UITVOERING' WHERE id = :b1;
SELECT is(news('status'), '{status:IN_UITVOERING}', 'a change of status is one event');
UPDATE example.work_orders SET signature = 'more ink', plate = 'GT-123-X' WHERE id = :b1;
SELECT is(news('status'), NULL, 'what the board does not show is none');
INSERT INTO example.work_sessions (work_order_id, mechanic) VALUES (:b1, 'Pieter Bakker');
SELECT is(news('mechanic'), '{"session:Pieter Bakker"}', 'a mechanic begins');
UPDATE example.work_sessions SET stopped_at = clock_timestamp() WHERE work_order_id = :b1;
SELECT is(news('mechanic'), '{"session:Pieter Bakker"}', 'and stops');
INSERT INTO example.parts (work_order_id, name) VALUES (:b1, 'Koplamp');
UPDATE example.parts SET status = 'ONTVANGEN' WHERE work_order_id = :b1;
SELECT is(news('status'), '{part:BESTELD,part:ONTVANGEN}', 'a part is ordered and comes in');
INSERT INTO example.invoices (work_order_id, amount) VALUES (:b1, 120.50);
SELECT is(news('amount'), '{invoice:120.50}', 'an invoice is made');
DELETE FROM example.work_orders WHERE id = :b1;
SELECT is(news('deleted'), '{status:true,session:true,part:true,invoice:true}', 'a deleted work order says so for all that was of it');
INSERT INTO example.work_orders (plate) VALUES ('NW-001-A');
SELECT is(news('column'), '{status:Nieuw}', 'a new one is on the board at once');
SELECT results_eq('SELECT topics, events, require, format FROM herald.streams WHERE path = ''/api/workorders/stream''',
  $$VALUES ('{work_orders,work_sessions,parts,invoices,customers,vehicles,emails}'::text[], '{workorder-update}'::text[],
            '{"role": ["admin", "mechanic", "warehouse"]}'::jsonb, 'message')$$, 'the stream is for those of the workshop');
SELECT finish();
ROLLBACK;
