-- functions.sql: what the tables' defaults and the rules call. Loaded before the tables, so bodies are not checked here.
SET LOCAL check_function_bodies = off;

-- example.iso(t): a time as JSON clients write it, '2026-02-26T05:00:00.000Z', whatever the session's time zone.
CREATE OR REPLACE FUNCTION example.iso(t timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- example.epoch_ms(): now, as JavaScript's Date.now() says it.
CREATE OR REPLACE FUNCTION example.epoch_ms() RETURNS bigint
LANGUAGE sql VOLATILE AS $$
  SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

-- example.new_order_code(): an order code that no order has: 'ORD-' and six of A to Z and 0 to 9.
CREATE OR REPLACE FUNCTION example.new_order_code() RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  code text;
BEGIN
  LOOP
    SELECT 'ORD-' || string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 1 + floor(random() * 36)::int, 1), '')
      INTO code FROM generate_series(1, 6);
    EXIT WHEN NOT EXISTS (SELECT FROM example.orders WHERE order_code = code);
  END LOOP;
  RETURN code;
END $$;

-- example.touch(): sets updated_at. Its triggers fire for real changes only: an UPDATE that changes nothing is no event.
CREATE OR REPLACE FUNCTION example.touch() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END $$;

-- example.order_json(o): all columns of an order, times as clients write them.
--   o  a row of example.orders (plpgsql passes NEW as it is)
CREATE OR REPLACE FUNCTION example.order_json(o record) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN to_jsonb(o) || jsonb_build_object('created_at', example.iso(o.created_at), 'updated_at', example.iso(o.updated_at));
END $$;
