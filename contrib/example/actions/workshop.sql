-- workshop.sql: the actions of the work-order board (seed 002). The events come from the rows that
-- they write (watches.sql).

-- example.card(w): a work order as the board shows it. The signature is an image, so the card only
-- says whether there is one.
CREATE OR REPLACE FUNCTION example.card(w example.work_orders) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', w.id, 'plate', w.plate, 'customerName', w.customer_name, 'status', w.status, 'column', w.board_column,
                            'signed', w.signature IS NOT NULL, 'createdAt', example.iso(w.created_at), 'updatedAt', example.iso(w.updated_at))
$$;

-- example.session(s): a session as the board shows it. stoppedAt is null while the work goes on.
CREATE OR REPLACE FUNCTION example.session(s example.work_sessions) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', s.id, 'workOrderId', s.work_order_id, 'mechanic', s.mechanic,
                            'startedAt', example.iso(s.started_at), 'stoppedAt', example.iso(s.stopped_at))
$$;

-- GET /api/workorders: the newest 500 cards, each with its sessions, parts and invoices.
CREATE OR REPLACE FUNCTION example.list_work_orders(request jsonb) RETURNS jsonb
LANGUAGE sql STABLE AS $$
  SELECT example.done(coalesce(jsonb_agg(example.card(w) || jsonb_build_object(
    'sessions', (SELECT coalesce(jsonb_agg(example.session(s) ORDER BY s.started_at, s.id), '[]')
                   FROM example.work_sessions s WHERE s.work_order_id = w.id),
    'parts', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'status', p.status) ORDER BY p.name, p.id), '[]')
                FROM example.parts p WHERE p.work_order_id = w.id),
    'invoices', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'amount', i.amount) ORDER BY i.created_at, i.id), '[]')
                   FROM example.invoices i WHERE i.work_order_id = w.id)) ORDER BY w.created_at DESC, w.id), '[]'))
    FROM (SELECT * FROM example.work_orders ORDER BY created_at DESC, id LIMIT 500) w
$$;

-- example.card_of(id): locks and returns the work order. It refuses if there is none.
CREATE OR REPLACE FUNCTION example.card_of(id text) RETURNS example.work_orders
LANGUAGE plpgsql AS $$
DECLARE
  w example.work_orders;
BEGIN
  SELECT * INTO w FROM example.work_orders o WHERE o.id = example.id(card_of.id) FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    PERFORM example.refuse(404, 'Work order not found');
  END IF;
  RETURN w;
END $$;

-- example.place(w, target): puts a card into a column of the board. The card gets the column's
-- status.
CREATE OR REPLACE FUNCTION example.place(w example.work_orders, target text) RETURNS example.work_orders
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE example.work_orders o SET board_column = c.name, status = c.status FROM example.board_columns c
   WHERE o.id = w.id AND c.name = target RETURNING o.* INTO w;
  IF NOT FOUND THEN
    PERFORM example.refuse(400, 'column must be one of: ' || (SELECT string_agg(name, ', ' ORDER BY position) FROM example.board_columns));
  END IF;
  RETURN w;
END $$;

-- PATCH /api/workorders/:id/column {"column"}: moves the card, which changes its status.
CREATE OR REPLACE FUNCTION example.move_work_order(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  target text := example.text_in(example.body(request), 'column', true);
BEGIN
  RETURN example.done(example.card(example.place(example.card_of(request #>> '{params,id}'), target)), 'Work order moved');
END $$;

-- POST /api/display/signature {"workOrderId", "signature"}: the customer has signed on the display.
-- The work is approved, and the car is in. The same signature again changes nothing, wherever the
-- card is by now.
CREATE OR REPLACE FUNCTION example.sign_work_order(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  body jsonb := example.body(request);
  ink text := example.text_in(body, 'signature', true, 60000);
  w example.work_orders := example.card_of(example.text_in(body, 'workOrderId', true));
BEGIN
  IF w.signature <> ink THEN
    PERFORM example.refuse(409, 'This work order is signed already');
  ELSIF w.signature IS NULL THEN
    UPDATE example.work_orders SET signature = ink WHERE id = w.id;
    w := example.place(w, 'Auto binnen');
  END IF;
  RETURN example.done(example.card(w), 'Work order signed');
END $$;

-- example.mechanic_of(request): the name of the mechanic. An admin may name one in the body.
-- Otherwise the caller is the mechanic, who must be a user with a name.
CREATE OR REPLACE FUNCTION example.mechanic_of(request jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  claims jsonb := request -> 'claims';
  named text := CASE WHEN example.has_claim(claims, 'role', 'admin') THEN example.text_in(request -> 'body', 'mechanic') END;
BEGIN
  named := coalesce(named, (SELECT u.name FROM example.users u WHERE u.id = example.id(claims ->> 'sub')));
  IF named IS NULL THEN
    PERFORM example.refuse(400, 'mechanic is missing: there is no user with a name behind this token');
  END IF;
  RETURN named;
END $$;

-- POST /api/workorders/:id/sessions {"mechanic"}: a mechanic begins. The card is locked, so one
-- mechanic cannot begin twice at the same time.
CREATE OR REPLACE FUNCTION example.start_session(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  who text := example.mechanic_of(request);
  w example.work_orders := example.card_of(request #>> '{params,id}');
  s example.work_sessions;
BEGIN
  IF EXISTS (SELECT FROM example.work_sessions o WHERE o.work_order_id = w.id AND o.mechanic = who AND o.stopped_at IS NULL) THEN
    PERFORM example.refuse(409, who || ' is at work on it already');
  END IF;
  INSERT INTO example.work_sessions (work_order_id, mechanic) VALUES (w.id, who) RETURNING * INTO s;
  RETURN example.done(example.session(s), 'Session started', 201);
END $$;

-- PATCH /api/workorders/:id/sessions/:sessionId: the mechanic stops. The body does not matter. A
-- session that has stopped keeps its end.
CREATE OR REPLACE FUNCTION example.stop_session(request jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  s example.work_sessions;
BEGIN
  UPDATE example.work_sessions SET stopped_at = coalesce(stopped_at, clock_timestamp())
   WHERE id = example.id(request #>> '{params,sessionId}') AND work_order_id = example.id(request #>> '{params,id}') RETURNING * INTO s;
  IF NOT FOUND THEN
    PERFORM example.refuse(404, 'Session not found');
  END IF;
  RETURN example.done(example.session(s), 'Session stopped');
END $$;
