-- herald.replay(...): one page of what one subscriber missed.
--   after_tick, after_change  its cursor. after_tick 0: all that is retained
--   upto_tick                 the last tick to look at
--   topics, events            those of its stream. events NULL: all
--   key1 .. key4              for each key of the stream's match the values it may see, as
--                             'key=value'. NULL: no such key
--   most                      rows of the page
--   seen                      leave out the changes of these transactions (herald.snapshot). NULL:
--                             leave out none
--   most_bytes                bytes of text that the reader takes of one change, as in herald.read
-- The first row always is the cursor itself:
--   tick   the cursor's
--   id     -1
--   event  NULL where the cursor holds. Else why it does not: expired, restored, unknown, later
--   bytes  the last tick that is here. Where another server told of upto_tick, it may be before
--          that
-- Where the cursor holds, the changes follow in the total order. Where long ones make more than 4 MB
-- of text, the others come without anything, not even a topic. They belong to the next page. The page is read in one snapshot,
-- so pruning meanwhile cannot take a part of it unseen.
-- Reads herald.ticks, herald.changes and herald.unreadable.
-- The columns are spelt out here, in read.sql and in replay_many.sql. sql/README.md says why.
CREATE OR REPLACE FUNCTION herald.replay(
  after_tick bigint, after_change bigint, upto_tick bigint, topics text[], events text[],
  key1 text[], key2 text[], key3 text[], key4 text[], most int, seen xid8[] DEFAULT NULL, most_bytes bigint DEFAULT NULL)
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
                      FROM cursor c, herald.ticks t, herald.rest(t.since, t.snapshot, after_change, topics, events, key1, key2, key3, key4, most, seen) r
                     WHERE t.id = after_tick AND c.fault IS NULL ORDER BY r.id LIMIT most)
                   UNION ALL
                   (SELECT t.id, c.id, c.topic, c.event, c.audience, c.unless, c.data, c.key, c.row_now, c.row_was, c.bytes, herald.cut(c.id, c.bytes, most_bytes, unreadable)
                      FROM cursor, herald.ticks t, LATERAL herald.batch(t.since, t.snapshot) c
                     WHERE fault IS NULL AND t.id > CASE after_tick WHEN 0 THEN (herald.first_tick()).id - 1 ELSE after_tick END AND t.id <= upto_tick AND herald.is_for(c, topics, events, key1, key2, key3, key4)
                       AND (seen IS NULL OR c.xid <> ALL (seen))
                     ORDER BY t.id, c.id LIMIT most)) u
            -- the parts come one after the other, the second only where the first has not filled
            -- the page
            LIMIT most) a) b) s OFFSET 0) p)
$$;

-- herald.rest(since, snap, after, ...): what a tick that was delivered up to change `after` still
-- holds for a subscriber.
-- It yields at most `most` changes of each transaction, in no order. It goes by transaction,
-- because the index then leads to the first change that is due. So the pages of a tick with a
-- million changes do not start over each time.
CREATE OR REPLACE FUNCTION herald.rest(
  since pg_snapshot, snap pg_snapshot, after bigint, topics text[], events text[],
  key1 text[], key2 text[], key3 text[], key4 text[], most int, seen xid8[])
RETURNS TABLE (id bigint, topic text, event text, audience text[], unless text[], data jsonb, key jsonb, row_now jsonb, row_was jsonb, bytes bigint)
LANGUAGE sql STABLE AS $$
  SELECT c.id, c.topic, c.event, c.audience, c.unless, c.data, c.key, c.row_now, c.row_was, c.bytes
    FROM herald.writers(since, snap) x,
         LATERAL (SELECT h.* FROM herald.changes h
                   WHERE h.xid = x AND h.id > after AND herald.is_for(h, topics, events, key1, key2, key3, key4)
                   ORDER BY h.id LIMIT most) c
   WHERE seen IS NULL OR x <> ALL (seen)
$$;

-- herald.writers(since, snap): the transactions whose changes became visible between two snapshots.
CREATE OR REPLACE FUNCTION herald.writers(since pg_snapshot, snap pg_snapshot) RETURNS SETOF xid8
LANGUAGE sql STABLE AS $$
  WITH RECURSIVE found(x) AS ( -- a step in the index for each, however many changes it has
    SELECT (SELECT c.xid FROM herald.changes c WHERE c.xid >= pg_snapshot_xmax(since) AND c.xid < pg_snapshot_xmax(snap) ORDER BY c.xid LIMIT 1)
    UNION ALL
    SELECT (SELECT c.xid FROM herald.changes c WHERE c.xid > found.x AND c.xid < pg_snapshot_xmax(snap) ORDER BY c.xid LIMIT 1)
      FROM found WHERE found.x IS NOT NULL)
  SELECT x FROM found WHERE x IS NOT NULL AND pg_visible_in_snapshot(x, snap)
  UNION ALL
  SELECT x FROM pg_snapshot_xip(since) x WHERE pg_visible_in_snapshot(x, snap)
$$;

-- herald.is_of(c, topics, events): is this change of one of these topics, and of these events?
-- Control events always pass.
CREATE OR REPLACE FUNCTION herald.is_of(c herald.changes, topics text[], events text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT c.topic = ANY (topics) AND (events IS NULL OR c.event = ANY (events) OR c.event IN ('left', 'bulk', 'schema'))
$$;

-- herald.is_for(c, ...): is this change for a subscriber with such topics, events and keys?
CREATE OR REPLACE FUNCTION herald.is_for(
  c herald.changes, topics text[], events text[], key1 text[], key2 text[], key3 text[], key4 text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT herald.is_of(c, topics, events)
     AND herald.may_see(c.audience, key1, key2, key3, key4)
     AND (c.unless IS NULL OR NOT herald.may_see(c.unless, key1, key2, key3, key4))
$$;

-- herald.may_see(audience, key1 .. key4): does the audience hold one of the values of each key?
CREATE OR REPLACE FUNCTION herald.may_see(audience text[], key1 text[], key2 text[], key3 text[], key4 text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT audience = '{*}'
      OR ((key1 IS NULL OR audience && key1) AND (key2 IS NULL OR audience && key2)
      AND (key3 IS NULL OR audience && key3) AND (key4 IS NULL OR audience && key4))
$$;

-- herald.cursor_fault(tick): NULL where a cursor of this tick can be continued, else why not.
--   expired   older than what is retained
--   restored  of a history that was lost
--   unknown   never given out here
--   later     this database follows another one's log, and may not have the tick yet
-- It is also right before herald.attach has found out that the history is another one.
CREATE OR REPLACE FUNCTION herald.cursor_fault(tick bigint) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last herald.ticks;
BEGIN
  SELECT t.* INTO last FROM herald.ticks t ORDER BY t.id DESC LIMIT 1;
  RETURN CASE
    WHEN last.id IS NULL OR NOT herald.complete() THEN 'later'
    WHEN tick = 0 THEN NULL
    WHEN NOT herald.same_cluster(last.origin) THEN 'restored'
    WHEN EXISTS (SELECT FROM herald.ticks t WHERE t.id = tick) AND tick >= (herald.first_tick()).id THEN
      (SELECT CASE WHEN NOT herald.same_cluster(t.origin) THEN 'restored' END FROM herald.ticks t WHERE t.id = tick)
    WHEN tick > last.id AND herald.follows() THEN 'later'
    WHEN tick > last.id AND last.origin <> herald.origin() THEN 'restored'
    WHEN tick < 0 OR tick > last.id THEN 'unknown'
    -- between two ticks, or from before the log was emptied
    ELSE (SELECT CASE WHEN tick > f.id OR f.upto = 0 THEN 'restored' ELSE 'expired' END FROM herald.first_tick() f)
    END;
END $$;
