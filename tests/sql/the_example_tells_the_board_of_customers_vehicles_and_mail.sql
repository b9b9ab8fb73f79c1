-- contrib/example: what seed 002 left for later is a table and its rules each.
\ir lib/example.sql
SELECT plan(14);
\set b1 '\'00000000-0000-4000-8000-0000000000b1\''
CREATE FUNCTION news() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  said jsonb;
BEGIN
  SELECT jsonb_agg(data ORDER BY id) INTO said FROM herald.changes WHERE event = 'workorder-update';
  DELETE FROM herald.changes;
  RETURN said;
END $$;
INSERT INTO example.work_orders (id, plate, customer_id) VALUES ('00000000-0000-4000-8000-0000000000b3', 'GT-123-K', '00000000-0000-4000-8000-0000000000c1');
SELECT news();

UPDATE example.customers SET name = 'Sanne Jansen', email = 'new@example.com' WHERE id = '00000000-0000-4000-8000-0000000000c1';
SELECT is(news(), '[{"changeType": "customer", "customerId": "00000000-0000-4000-8000-0000000000c1", "name": "Sanne Jansen",
  "workOrderIds": ["00000000-0000-4000-8000-0000000000b1", "00000000-0000-4000-8000-0000000000b3"]}]', 'a customer has changed, on two cards');
UPDATE example.customers SET phone_number = '+31600000000' WHERE id = '00000000-0000-4000-8000-0000000000c2';
SELECT is((news() -> 0) - 'workOrderIds', '{"changeType": "customer", "customerId": "00000000-0000-4000-8000-0000000000c2", "name": "Daan Jansen"}', 'also where the board is not told what');
INSERT INTO example.customers (name) VALUES ('Nieuw');
SELECT is(news(), NULL, 'one without a card is no news');
UPDATE example.vehicles SET apk_until = '2028-03-01', refreshed_at = '2026-11-22 10:00:00+00' WHERE plate = 'GT-123-K';
SELECT is(news(), '[{"changeType": "vehicle", "plate": "GT-123-K", "make": "Volvo", "model": "V60", "apkUntil": "2028-03-01", "refreshedAt": "2026-11-22T10:00:00.000Z",
  "workOrderIds": ["00000000-0000-4000-8000-0000000000b1", "00000000-0000-4000-8000-0000000000b3"]}]', 'the registry''s data has been refreshed');
UPDATE example.vehicles SET refreshed_at = '2026-11-23 10:00:00+00' WHERE plate = 'GT-123-K';
SELECT is(news() #>> '{0,refreshedAt}', '2026-11-23T10:00:00.000Z', 'also where it brought nothing new');
INSERT INTO example.vehicles (plate) VALUES ('NW-001-A');
SELECT is(news() #> '{0,workOrderIds}', '[]', 'a vehicle that is on no card');
DELETE FROM example.vehicles WHERE plate = 'XP-456-L';
SELECT is(news(), '[{"changeType": "vehicle", "plate": "XP-456-L", "workOrderIds": ["00000000-0000-4000-8000-0000000000b2"], "deleted": true}]', 'one that goes');
INSERT INTO example.emails (work_order_id, recipient, subject) VALUES (:b1, 'sanne.devries@example.com', 'Uw auto is gereed');
SELECT is((news() -> 0) - 'emailId', '{"changeType": "email", "workOrderId": "00000000-0000-4000-8000-0000000000b1", "subject": "Uw auto is gereed", "status": "IN_WACHTRIJ"}', 'a mail is written');
UPDATE example.emails SET status = 'VERZONDEN';
SELECT is(news() #>> '{0,status}', 'VERZONDEN', 'and sent');
UPDATE example.emails SET recipient = 'other@example.com';
SELECT is(news(), NULL, 'to whom is no news');
UPDATE example.parts SET status = 'ONTVANGEN' WHERE work_order_id = '00000000-0000-4000-8000-0000000000b2';
INSERT INTO example.invoices (work_order_id, amount) VALUES (:b1, 99.50);
SELECT is((SELECT array_agg(n ->> 'changeType') FROM jsonb_array_elements(news()) n), '{part,invoice}', 'parts and invoices as well');
SELECT is((SELECT array_agg(topic ORDER BY topic) FROM herald.watches w WHERE topic = ANY ((SELECT topics FROM herald.streams WHERE path = '/api/workorders/stream')::text[])),
  '{customers,emails,invoices,parts,vehicles,work_orders,work_sessions}', 'the board streams them all');
UPDATE example.customers SET email = 'third@example.com';
INSERT INTO example.emails (work_order_id, recipient, subject) VALUES (:b1, 'fourth@example.com', 's');
SELECT is((SELECT count(*) FROM herald.changes c WHERE c::text ~ '@|\+31'), 0::bigint, 'no address and no number is in the log');
SELECT is((SELECT faults FROM herald.status), NULL, 'no rule has failed');
SELECT finish();
