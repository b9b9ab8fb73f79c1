-- data.sql: a few rows to look at. The README names their ids. Rows that exist already stay as they
-- are.

INSERT INTO example.stores (slug, name) VALUES
  ('minha-loja', 'Minha Loja'),
  ('loja-do-porto', 'Loja do Porto')
ON CONFLICT DO NOTHING;

INSERT INTO example.users (id, email, name, phone_number, password_hash, role, store_slug) VALUES
  ('00000000-0000-4000-8000-000000000001', 'joao.silva@example.com', 'João Silva', '+5511987654321', 'x$not-a-hash-1', 'customer', NULL),
  ('00000000-0000-4000-8000-000000000002', 'maria.lopez@example.com', 'María López', '+5213334987900', 'x$not-a-hash-2', 'customer', NULL),
  ('00000000-0000-4000-8000-000000000003', 'ana.costa@example.com', 'Ana Costa', '+5511912345678', 'x$not-a-hash-3', 'staff', 'minha-loja'),
  ('00000000-0000-4000-8000-000000000004', 'grace.field@example.com', 'Grace Field', '+442079460123', 'x$not-a-hash-4', 'admin', NULL),
  ('00000000-0000-4000-8000-000000000005', 'pieter.bakker@example.com', 'Pieter Bakker', '+31612345678', 'x$not-a-hash-5', 'mechanic', NULL),
  ('00000000-0000-4000-8000-000000000006', 'willem.smit@example.com', 'Willem Smit', '+31698765432', 'x$not-a-hash-6', 'warehouse', NULL)
ON CONFLICT DO NOTHING;

INSERT INTO example.orders (id, order_code, store_slug, user_id, address_id, customer_name, total_qty, final_amount, order_status) VALUES
  ('00000000-0000-4000-8000-0000000000a1', 'ORD-A7X3B2', 'minha-loja', '00000000-0000-4000-8000-000000000001',
   '00000000-0000-4000-8000-0000000000e1', 'João Silva', 3, 460.00, 'Order Received'),
  ('00000000-0000-4000-8000-0000000000a2', 'ORD-K9M2P4', 'minha-loja', '00000000-0000-4000-8000-000000000001',
   '00000000-0000-4000-8000-0000000000e1', 'João Silva', 1, 50.00, 'Delivered'),
  ('00000000-0000-4000-8000-0000000000a3', 'ORD-Q4T8W1', 'minha-loja', '00000000-0000-4000-8000-000000000002',
   '00000000-0000-4000-8000-0000000000e2', 'María López', 2, 129.90, 'Preparing'),
  ('00000000-0000-4000-8000-0000000000a4', 'ORD-Z5D6F7', 'loja-do-porto', '00000000-0000-4000-8000-000000000002',
   '00000000-0000-4000-8000-0000000000e2', 'María López', 5, 75.25, 'Out for Delivery')
ON CONFLICT DO NOTHING;

INSERT INTO example.board_columns (name, position, status) VALUES
  ('Nieuw', 1, 'NIEUW'),
  ('Auto binnen', 2, 'GOEDGEKEURD'),
  ('Onder handen', 3, 'IN_UITVOERING'),
  ('Wacht op onderdelen', 4, 'WACHT_OP_ONDERDELEN'),
  ('Gereed', 5, 'GEREED')
ON CONFLICT DO NOTHING;

INSERT INTO example.customers (id, name, email, phone_number) VALUES
  ('00000000-0000-4000-8000-0000000000c1', 'Sanne de Vries', 'sanne.devries@example.com', '+31687654321'),
  ('00000000-0000-4000-8000-0000000000c2', 'Daan Jansen', 'daan.jansen@example.com', '+31611223344')
ON CONFLICT DO NOTHING;

INSERT INTO example.vehicles (plate, make, model, apk_until) VALUES
  ('GT-123-K', 'Volvo', 'V60', '2027-03-01'),
  ('XP-456-L', 'Opel', 'Astra', '2026-12-15')
ON CONFLICT DO NOTHING;

INSERT INTO example.work_orders (id, plate, customer_name, status, board_column, customer_id) VALUES
  ('00000000-0000-4000-8000-0000000000b1', 'GT-123-K', 'Sanne de Vries', 'NIEUW', 'Nieuw', '00000000-0000-4000-8000-0000000000c1'),
  ('00000000-0000-4000-8000-0000000000b2', 'XP-456-L', 'Daan Jansen', 'IN_UITVOERING', 'Onder handen', '00000000-0000-4000-8000-0000000000c2')
ON CONFLICT DO NOTHING;

INSERT INTO example.work_sessions (id, work_order_id, mechanic) VALUES
  ('00000000-0000-4000-8000-0000000000c1', '00000000-0000-4000-8000-0000000000b2', 'Pieter Bakker')
ON CONFLICT DO NOTHING;

INSERT INTO example.parts (id, work_order_id, name, status) VALUES
  ('00000000-0000-4000-8000-0000000000d1', '00000000-0000-4000-8000-0000000000b2', 'Remblokken voor', 'BESTELD')
ON CONFLICT DO NOTHING;

INSERT INTO example.games (game_type, game_id, name) VALUES ('ROULETTE', '123', 'Roleta da Casa') ON CONFLICT DO NOTHING;
INSERT INTO example.subscriptions (user_id, active) VALUES
  ('00000000-0000-4000-8000-000000000001', true),
  ('00000000-0000-4000-8000-000000000002', false)
ON CONFLICT DO NOTHING;
