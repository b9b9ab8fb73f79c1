-- herald.read(from_tick, after): the changes of all ticks from from_tick on, in the total order (tick, id).
--   after  of from_tick itself only changes with a higher id: what a reader needs that was interrupted within a tick
-- Returns setof (tick, id, topic, event, audience, unless, and as text data, key, row_now, row_was). Reads herald.ticks and herald.changes; the
-- order makes use of the ticks' index, so rows come as they are found and a million of them are never held.
CREATE OR REPLACE FUNCTION herald.read(from_tick bigint, after bigint DEFAULT 0)
RETURNS TABLE (tick bigint, id bigint, topic text, event text, audience text[], unless text[], data text, key text, row_now text, row_was text)
LANGUAGE sql STABLE AS $$
  SELECT t.id, c.id, c.topic, c.event, c.audience, c.unless, c.data::text, c.key::text, c.row_now::text, c.row_was::text
    FROM herald.ticks t, LATERAL herald.batch(t.since, t.snapshot) c
   WHERE t.id >= from_tick AND (t.id > from_tick OR c.id > after)
   ORDER BY t.id, c.id
$$;

-- herald.batch(since, snap): the changes that became visible between two snapshots, in no order.
CREATE OR REPLACE FUNCTION herald.batch(since pg_snapshot, snap pg_snapshot) RETURNS SETOF herald.changes
LANGUAGE sql STABLE AS $$
  SELECT c.* FROM herald.changes c
   WHERE c.xid >= pg_snapshot_xmax(since) AND c.xid < pg_snapshot_xmax(snap) AND pg_visible_in_snapshot(c.xid, snap)
  UNION ALL
  SELECT c.* FROM herald.changes c
   WHERE c.xid = ANY (ARRAY(SELECT x FROM pg_snapshot_xip(since) x WHERE pg_visible_in_snapshot(x, snap)))
$$;

-- herald.head(): the last tick: (id, upto). A new subscriber starts behind it.
CREATE OR REPLACE FUNCTION herald.head(OUT tick bigint, OUT upto bigint)
LANGUAGE sql STABLE AS $$
  SELECT t.id, t.upto FROM herald.ticks t ORDER BY t.id DESC LIMIT 1
$$;
