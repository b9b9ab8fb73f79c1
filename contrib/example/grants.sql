-- grants.sql: the rights that the daemon's role needs in the example, and no more. Actions and
-- authorize functions run with its rights.
--
--   psql -v daemon=ROLE -f contrib/example/grants.sql YOUR_DATABASE
--
-- password_hash is not among them, so no action can show it.
\set ON_ERROR_STOP on
BEGIN;
GRANT USAGE ON SCHEMA example TO :"daemon";
GRANT SELECT ON example.stores, example.parts, example.invoices, example.board_columns, example.games, example.subscriptions TO :"daemon";
GRANT SELECT, INSERT, UPDATE ON example.orders, example.work_sessions TO :"daemon";
GRANT SELECT, UPDATE ON example.work_orders TO :"daemon";
GRANT SELECT, INSERT ON example.rounds TO :"daemon";
GRANT SELECT (id, email, name, phone_number, role, store_slug, created_at), INSERT (email, name, phone_number, role, store_slug), DELETE
   ON example.users TO :"daemon";
COMMIT;
