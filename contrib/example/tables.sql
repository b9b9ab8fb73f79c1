-- tables.sql: the tables of the five applications. Nothing in here knows pgherald.

CREATE TABLE IF NOT EXISTS example.stores (
  slug text PRIMARY KEY,
  name text NOT NULL
);

CREATE TABLE IF NOT EXISTS example.users (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email         text NOT NULL UNIQUE,
  name          text,
  phone_number  text,
  password_hash text,
  role          text NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'staff', 'admin', 'mechanic', 'warehouse')),
  store_slug    text REFERENCES example.stores ON UPDATE CASCADE,
  created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS example.orders (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  order_code    text NOT NULL UNIQUE DEFAULT example.new_order_code() CHECK (order_code ~ '^ORD-[A-Z0-9]{6}$'),
  store_slug    text NOT NULL REFERENCES example.stores ON UPDATE CASCADE,
  user_id       uuid REFERENCES example.users ON DELETE SET NULL, -- the store keeps its books
  address_id    uuid,                                             -- in an address book that is not part of this example
  customer_name text,
  total_qty     int NOT NULL DEFAULT 1 CHECK (total_qty >= 0),
  final_amount  numeric(12,2) NOT NULL DEFAULT 0 CHECK (final_amount >= 0),
  order_status  text NOT NULL DEFAULT 'Order Received'
                CHECK (order_status IN ('Order Received', 'Preparing', 'Out for Delivery', 'Delivered', 'Cancelled')),
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS orders_by_user ON example.orders (user_id);
CREATE INDEX IF NOT EXISTS orders_by_store ON example.orders (store_slug, created_at);
ALTER TABLE example.orders ADD COLUMN IF NOT EXISTS items jsonb NOT NULL DEFAULT '[]'; -- added later than the table, as others below
CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON example.orders
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION example.touch();

CREATE TABLE IF NOT EXISTS example.customers (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name         text NOT NULL,
  email        text,
  phone_number text
);

-- What the vehicle registry (RDW) says of a plate. A refresh is written even if it brings nothing
-- new.
CREATE TABLE IF NOT EXISTS example.vehicles (
  plate        text PRIMARY KEY,
  make         text,
  model        text,
  apk_until    date, -- when its inspection ends
  refreshed_at timestamptz NOT NULL DEFAULT now()
);

-- The board's columns from left to right, and the status that a card gets in each.
CREATE TABLE IF NOT EXISTS example.board_columns (
  name     text PRIMARY KEY,
  position int NOT NULL,
  status   text NOT NULL
);

CREATE TABLE IF NOT EXISTS example.work_orders (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  plate         text NOT NULL,
  customer_name text,
  status        text NOT NULL DEFAULT 'NIEUW' CHECK (status ~ '^[A-Z][A-Z_]*$'), -- GOEDGEKEURD, IN_UITVOERING, GEREED, …
  board_column  text NOT NULL DEFAULT 'Nieuw' CHECK (board_column <> ''),        -- 'Auto binnen', 'Onder handen', …
  signature     text,                                                            -- an image; in no event
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE example.work_orders ADD COLUMN IF NOT EXISTS customer_id uuid REFERENCES example.customers;
CREATE INDEX IF NOT EXISTS work_orders_by_customer ON example.work_orders (customer_id);
CREATE INDEX IF NOT EXISTS work_orders_by_plate ON example.work_orders (plate);
CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON example.work_orders
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION example.touch();

CREATE TABLE IF NOT EXISTS example.work_sessions (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  work_order_id uuid NOT NULL REFERENCES example.work_orders ON DELETE CASCADE,
  mechanic      text NOT NULL,
  started_at    timestamptz NOT NULL DEFAULT now(),
  stopped_at    timestamptz CHECK (stopped_at >= started_at)
);
CREATE INDEX IF NOT EXISTS work_sessions_by_work_order ON example.work_sessions (work_order_id);

CREATE TABLE IF NOT EXISTS example.parts (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  work_order_id uuid NOT NULL REFERENCES example.work_orders ON DELETE CASCADE,
  name          text NOT NULL,
  status        text NOT NULL DEFAULT 'BESTELD' CHECK (status ~ '^[A-Z][A-Z_]*$') -- BESTELD, ONTVANGEN, …
);
CREATE INDEX IF NOT EXISTS parts_by_work_order ON example.parts (work_order_id);

CREATE TABLE IF NOT EXISTS example.invoices (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  work_order_id uuid NOT NULL REFERENCES example.work_orders ON DELETE CASCADE,
  amount        numeric(12,2) NOT NULL CHECK (amount >= 0),
  created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS invoices_by_work_order ON example.invoices (work_order_id);

-- What is mailed to customers. The program that sends the mail sets the status.
CREATE TABLE IF NOT EXISTS example.emails (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  work_order_id uuid NOT NULL REFERENCES example.work_orders ON DELETE CASCADE,
  recipient     text NOT NULL,
  subject       text NOT NULL,
  status        text NOT NULL DEFAULT 'IN_WACHTRIJ' CHECK (status ~ '^[A-Z][A-Z_]*$') -- IN_WACHTRIJ, VERZONDEN, MISLUKT
);
CREATE INDEX IF NOT EXISTS emails_by_work_order ON example.emails (work_order_id);

CREATE TABLE IF NOT EXISTS example.games (
  game_type text NOT NULL,
  game_id   text NOT NULL,
  name      text NOT NULL,
  PRIMARY KEY (game_type, game_id)
);

CREATE TABLE IF NOT EXISTS example.rounds (
  id         bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  game_type  text NOT NULL,
  game_id    text NOT NULL,
  value      int NOT NULL CHECK (value BETWEEN 0 AND 36),
  color      text NOT NULL CHECK (color IN ('red', 'black', 'green')),
  created_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (game_type, game_id) REFERENCES example.games ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS example.subscriptions (
  user_id uuid PRIMARY KEY REFERENCES example.users ON DELETE CASCADE,
  active  boolean NOT NULL DEFAULT true
);
