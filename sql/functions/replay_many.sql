-- herald.replay_many(after_tick, after_change, upto_tick, facets, most, most_bytes): as
-- herald.replay, for a subscriber of several streams.
-- It is one page of what the subscriber missed of all of them, each change once.
--   facets  [{"topics": [...], "events": [...], "key1": [...], ...}, ...]. There is one for each
--           stream, with what herald.replay takes of one. A member that is missing is NULL there.
-- A change is in the page when it is for one of the facets. `left` is in it only where none of them
-- sees the row still. The rows and the first row are as in herald.replay.
CREATE OR REPLACE FUNCTION herald.replay_many(
  after_tick bigint, after_change bigint, upto_tick bigint, facets jsonb, most int, most_bytes bigint DEFAULT NULL)
RETURNS TABLE (tick bigint, id bigint, topic text, event text, audience text[], unless text[], data text, key text, row_now text, row_was text, bytes bigint)
LANGUAGE sql STABLE AS $$
  WITH cursor AS MATERIALIZED (SELECT herald.cursor_fault(after_tick) AS fault, coalesce((SELECT max(t.id) FROM herald.ticks t), 0) AS reached,
                                      ARRAY(SELECT u.change FROM herald.unreadable u) AS unreadable)
  (SELECT CASE after_tick WHEN 0 THEN (herald.first_tick()).id ELSE after_tick END, -1::bigint, NULL::text,
          c.fault, NULL::text[], NULL::text[], NULL::text, NULL::text, NULL::text, NULL::text, c.reached FROM cursor c)
  UNION ALL
  (SELECT p.tick, p.id, p.topic, CASE WHEN p.cut = -1 OR p.topic IS NULL THEN NULL ELSE p.event END, CASE WHEN p.cut = -1 OR p.topic IS NULL THEN NULL ELSE p.audience END,
          CASE WHEN p.cut = -1 OR p.topic IS NULL THEN NULL ELSE p.unless END, herald.short(p.data, most_bytes), herald.short(p.key, most_bytes), herald.short(p.row_now, most_bytes),
          herald.short(p.row_was, most_bytes),
          coalesce(p.cut, herald.too_long(p.data, p.key, p.row_now, p.row_was, most_bytes))
     FROM (SELECT s.tick, s.id, CASE WHEN NOT s.beyond THEN s.topic END AS topic, s.event, s.audience, s.unless, s.cut, CASE WHEN s.printed THEN s.data::text END AS data,
                  CASE WHEN s.printed THEN s.key::text END AS key, CASE WHEN s.printed THEN s.row_now::text END AS row_now,
                  CASE WHEN s.printed THEN s.row_was::text END AS row_was
             FROM (SELECT b.*, b.cut IS NULL AND NOT b.beyond AS printed FROM (
             SELECT a.*, coalesce(sum(a.bytes) FILTER (WHERE a.cut IS NULL) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 4194304, false) AS beyond FROM (
             SELECT u.*
             FROM ((SELECT t.id AS tick, r.*, herald.cut(r.id, r.bytes, most_bytes, c.unreadable) AS cut
                      FROM cursor c, herald.ticks t, herald.rest_many(t.since, t.snapshot, after_change, facets, most) r
                     WHERE t.id = after_tick AND c.fault IS NULL ORDER BY r.id LIMIT most)
                   UNION ALL
                   (SELECT t.id, c.id, c.topic, c.event, c.audience, c.unless, c.data, c.key, c.row_now, c.row_was, c.bytes, herald.cut(c.id, c.bytes, most_bytes, unreadable)
                      FROM cursor, herald.ticks t, LATERAL herald.batch(t.since, t.snapshot) c, LATERAL herald.is_for_any(c, facets)
                     WHERE fault IS NULL AND t.id > CASE after_tick WHEN 0 THEN (herald.first_tick()).id - 1 ELSE after_tick END AND t.id <= upto_tick
                     ORDER BY t.id, c.id LIMIT most)) u
            -- the parts come one after the other, the second only where the first has not filled
            -- the page
            LIMIT most) a) b) s OFFSET 0) p)
$$;

-- herald.rest_many(since, snap, after, facets, most): as herald.rest.
CREATE OR REPLACE FUNCTION herald.rest_many(since pg_snapshot, snap pg_snapshot, after bigint, facets jsonb, most int)
RETURNS TABLE (id bigint, topic text, event text, audience text[], unless text[], data jsonb, key jsonb, row_now jsonb, row_was jsonb, bytes bigint)
LANGUAGE sql STABLE AS $$
  SELECT c.id, c.topic, c.event, c.audience, c.unless, c.data, c.key, c.row_now, c.row_was, c.bytes
    FROM herald.writers(since, snap) x,
         LATERAL (SELECT h.* FROM herald.changes h, LATERAL herald.is_for_any(h, facets)
                   WHERE h.xid = x AND h.id > after ORDER BY h.id LIMIT most) c
$$;

-- herald.is_for_any(c, facets): one row where the change is for one of them and none of them
-- excludes it. Else no row.
CREATE OR REPLACE FUNCTION herald.is_for_any(c herald.changes, facets jsonb) RETURNS SETOF boolean
LANGUAGE sql STABLE AS $$
  SELECT true
   WHERE EXISTS (SELECT FROM jsonb_to_recordset(facets) f(topics text[], events text[], key1 text[], key2 text[], key3 text[], key4 text[])
                  WHERE herald.is_of(c, f.topics, f.events) AND herald.may_see(c.audience, f.key1, f.key2, f.key3, f.key4))
     AND (c.unless IS NULL
          OR NOT EXISTS (SELECT FROM jsonb_to_recordset(facets) f(topics text[], key1 text[], key2 text[], key3 text[], key4 text[])
                          WHERE c.topic = ANY (f.topics) AND herald.may_see(c.unless, f.key1, f.key2, f.key3, f.key4)))
$$;
