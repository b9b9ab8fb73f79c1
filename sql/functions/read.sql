-- herald.read(from_tick, after, most_bytes, most): the changes of all ticks from from_tick on, in
-- the total order (tick, id).
--   after       of from_tick itself only changes with a higher id. A reader needs that which was
--               interrupted within a tick
--   most_bytes  bytes of text that the reader takes of one change. NULL: any. -1: none, because it
--               could not be read
--   most        how many changes. NULL: all
-- Returns tick, id, topic, event, audience, unless, the texts data, key, row_now, row_was, and
-- bytes:
--   NULL    the change is whole
--   -1      the server cannot hand it out. Nobody is told more of it than its topic
--   else    how long its text is. It comes without it
-- Reads herald.ticks, herald.changes and herald.unreadable. The order uses the index of the ticks.
-- So rows come as they are found, and a million of them are never held.
-- Rows are sorted before they are printed. So a row that cannot be printed fails in its place.
CREATE OR REPLACE FUNCTION herald.read(from_tick bigint, after bigint DEFAULT 0, most_bytes bigint DEFAULT NULL, most int DEFAULT NULL)
RETURNS TABLE (tick bigint, id bigint, topic text, event text, audience text[], unless text[], data text, key text, row_now text, row_was text, bytes bigint)
LANGUAGE sql STABLE AS $$
  SELECT p.tick, p.id, p.topic, CASE WHEN p.cut = -1 THEN NULL ELSE p.event END, CASE WHEN p.cut = -1 THEN NULL ELSE p.audience END,
         CASE WHEN p.cut = -1 THEN NULL ELSE p.unless END, herald.short(p.data, most_bytes), herald.short(p.key, most_bytes), herald.short(p.row_now, most_bytes),
         herald.short(p.row_was, most_bytes),
         coalesce(p.cut, herald.too_long(p.data, p.key, p.row_now, p.row_was, most_bytes))
    FROM (SELECT s.tick, s.id, s.topic, s.event, s.audience, s.unless, s.cut, CASE WHEN s.cut IS NULL THEN s.data::text END AS data,
                 CASE WHEN s.cut IS NULL THEN s.key::text END AS key, CASE WHEN s.cut IS NULL THEN s.row_now::text END AS row_now,
                 CASE WHEN s.cut IS NULL THEN s.row_was::text END AS row_was
            FROM (SELECT t.id AS tick, c.*, herald.cut(c.id, c.bytes, most_bytes, ARRAY(SELECT u.change FROM herald.unreadable u)) AS cut
                    FROM herald.ticks t, LATERAL herald.batch(t.since, t.snapshot) c
                   WHERE t.id >= from_tick AND (t.id > from_tick OR c.id > after)
                   -- two steps, so that what is printed is printed once
                   ORDER BY t.id, c.id LIMIT most) s OFFSET 0) p
$$;

-- herald.cut(change, bytes, most_bytes, unreadable): NULL where a reader that takes so many bytes
-- is to have this change.
-- Else it is what herald.read says in `bytes`.
CREATE OR REPLACE FUNCTION herald.cut(change bigint, bytes bigint, most_bytes bigint, unreadable bigint[]) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN most_bytes < 0 OR change = ANY (unreadable) THEN -1 WHEN bytes < 0 THEN - bytes
              WHEN bytes > least(most_bytes, herald.told_bytes()) THEN bytes END
$$;

-- herald.short(value, most): the text. NULL where it is longer than that.
CREATE OR REPLACE FUNCTION herald.short(value text, most bigint) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN octet_length(value) > most THEN NULL ELSE value END
$$;

-- herald.too_long(data, key, row_now, row_was, most): the length of the longest of them, where that
-- is longer than most.
-- NULL: none is, or any will do.
CREATE OR REPLACE FUNCTION herald.too_long(data text, key text, row_now text, row_was text, most bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN greatest(octet_length(data), octet_length(key), octet_length(row_now), octet_length(row_was)) > most
              THEN greatest(octet_length(data), octet_length(key), octet_length(row_now), octet_length(row_was)) END
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

-- herald.head(): the last tick: (id, upto). A new subscriber starts after it.
CREATE OR REPLACE FUNCTION herald.head(OUT tick bigint, OUT upto bigint)
LANGUAGE sql STABLE AS $$
  SELECT t.id, t.upto FROM herald.ticks t ORDER BY t.id DESC LIMIT 1
$$;
