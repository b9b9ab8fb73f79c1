-- functions.sql: the functions that the tables' defaults and the rules call. This file is loaded
-- before the tables, so PostgreSQL must not check the bodies here.
SET LOCAL check_function_bodies = off;

-- example.iso(t): a time as JSON clients write it, '2026-02-26T05:00:00.000Z'. The session's time
-- zone does not matter.
CREATE OR REPLACE FUNCTION example.iso(t timestamptz) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- example.epoch_ms(): now, in ms since 1970, as Date.now() in JavaScript.
CREATE OR REPLACE FUNCTION example.epoch_ms() RETURNS bigint
LANGUAGE sql VOLATILE AS $$
  SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

-- example.new_order_code(): an order code that no order has. It is 'ORD-' and six characters of A
-- to Z and 0 to 9.
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

-- example.touch(): sets updated_at. Its triggers fire for real changes only, so an UPDATE that
-- changes nothing is no event.
CREATE OR REPLACE FUNCTION example.touch() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END $$;

-- example.order_json(o): all columns of an order, with times as clients write them.
--   o  a row of example.orders (plpgsql passes NEW as it is)
CREATE OR REPLACE FUNCTION example.order_json(o record) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN to_jsonb(o) || jsonb_build_object('created_at', example.iso(o.created_at), 'updated_at', example.iso(o.updated_at));
END $$;

-- example.cards_of_customer(customer), example.cards_of_vehicle(plate): the ids of the work orders
-- that show that customer or vehicle, the oldest first.
CREATE OR REPLACE FUNCTION example.cards_of_customer(customer uuid) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(w.id ORDER BY w.created_at, w.id), '[]') FROM example.work_orders w WHERE w.customer_id = customer
$$;
CREATE OR REPLACE FUNCTION example.cards_of_vehicle(plate text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(w.id ORDER BY w.created_at, w.id), '[]') FROM example.work_orders w WHERE w.plate = cards_of_vehicle.plate
$$;

-- example.vehicle_news(v): what an event tells the board of a vehicle.
--   v  a row of example.vehicles
CREATE OR REPLACE FUNCTION example.vehicle_news(v record) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN jsonb_build_object('changeType', 'vehicle', 'workOrderIds', example.cards_of_vehicle(v.plate), 'plate', v.plate, 'make', v.make,
                            'model', v.model, 'apkUntil', v.apk_until, 'refreshedAt', example.iso(v.refreshed_at));
END $$;

-- example.id(text): an id that came from outside, or NULL if the text is none. PostgreSQL takes
-- several forms of a uuid. This function takes one.
CREATE OR REPLACE FUNCTION example.id(text) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN $1 ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN $1::uuid END
$$;

-- example.round_data(value, color, at): a round as the page of numbers reads it. It is the same in
-- live events and in the state before them.
CREATE OR REPLACE FUNCTION example.round_data(value int, color text, at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('update_type', 'new_number',
    'number', jsonb_build_object('value', value, 'color', color, 'timestamp', example.iso(at)))
$$;

-- example.last_rounds(claims, params): the state that the stream of a game begins with. These are
-- its last k rounds, the oldest first. k is 1 to 50, and 10 if it is no such number.
CREATE OR REPLACE FUNCTION example.last_rounds(claims jsonb, params jsonb) RETURNS SETOF jsonb
LANGUAGE sql STABLE AS $$
  SELECT example.round_data(r.value, r.color, r.created_at) FROM example.rounds r
   WHERE r.id IN (SELECT l.id FROM example.rounds l WHERE l.game_type = params ->> 'gameType' AND l.game_id = params ->> 'gameId'
                   ORDER BY l.id DESC LIMIT CASE WHEN params ->> 'k' ~ '^([1-9]|[1-4][0-9]|50)$' THEN (params ->> 'k')::int ELSE 10 END)
   ORDER BY r.id
$$;

-- example.has_subscription(claims, params): true if this person has an active subscription. The id
-- is also compared as text, as pgherald does when the subscription ends. It must be able to take
-- back each right that this function gives.
CREATE OR REPLACE FUNCTION example.has_subscription(claims jsonb, params jsonb) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM example.subscriptions s
                  WHERE s.user_id = example.id(claims ->> 'sub') AND s.user_id::text = claims ->> 'sub' AND s.active)
$$;
