-- contrib/example: the users list (seed 001).
\ir ../../contrib/example/install.sql
BEGIN;
SELECT plan(7);
INSERT INTO example.users (id, email, name, phone_number, password_hash, created_at)
VALUES ('00000000-0000-4000-8000-0000000000f1', '5213334987900@whatsapp.local', 'Nuevo', '+5213334987900', 'top-secret', '2026-02-26 05:00:00.1234+00');
SELECT is(test.last() - 'timestamp', '{"user": {"id": "00000000-0000-4000-8000-0000000000f1", "email": "5213334987900@whatsapp.local",
  "name": "Nuevo", "phoneNumber": "+5213334987900", "createdAt": "2026-02-26T05:00:00.123Z"}}', 'a new user, in the words of the client');
SELECT ok((test.last() ->> 'timestamp')::bigint BETWEEN extract(epoch FROM now()) * 1000 - 1 AND extract(epoch FROM clock_timestamp()) * 1000 + 1,
  'the timestamp is a whole number of milliseconds');
UPDATE example.users SET password_hash = 'other-secret', name = 'Otro' WHERE id = '00000000-0000-4000-8000-0000000000f1';
SELECT is(test.events(), '{user_created}', 'a changed user is no event');
DELETE FROM example.users WHERE id = '00000000-0000-4000-8000-0000000000f1';
SELECT is(test.last() - 'timestamp', '{"user": {"id": "00000000-0000-4000-8000-0000000000f1", "email": "5213334987900@whatsapp.local",
  "phoneNumber": "+5213334987900"}}', 'a deleted user says id, email and phoneNumber');
SELECT is((SELECT count(*) FROM herald.changes c WHERE c::text ~ 'secret|password'), 0::bigint, 'no password is in the log');
SELECT is((SELECT exclude FROM herald.watches WHERE topic = 'users'), '{password_hash}', 'and none would be without the rules');
SELECT results_eq('SELECT topics, events, require, format FROM herald.streams WHERE path = ''/api/events''',
  $$VALUES ('{users}'::text[], '{user_created,user_deleted}'::text[], '{"role": ["admin"]}'::jsonb, 'message')$$, 'the stream is for admins');
SELECT finish();
ROLLBACK;
