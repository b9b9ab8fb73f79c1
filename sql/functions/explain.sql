-- What `pgherald explain` asks. Where does a change stand in the log? What may have made it? Is it
-- for a subscriber?
-- The console runs that command as the daemon's role, which may read all of the log anyhow. So what
-- the command calls runs with the rights of herald's owner, and the role may call it. No other role
-- may.

-- herald.explain_change(change): all about one change of the log, as jsonb.
-- Where it is in the log:
--   found   true
--   tick    the tick that holds it. NULL: no retained tick holds it
--   at      when that tick was made
--   xid, topic, event, audience, unless  as in herald.changes
--   makers  herald.explain_makers
--   fault   NULL; unticked: no tick holds it yet; expired: its tick is pruned
-- Where it is not:
--   found   false
--   fault   expired   it is pruned, or was never committed
--           open      a transaction that writes is still open, and the change may be one of its
--           absent    it was never committed
--           ahead     the id is not given out yet
--           restored  it is from before the log was emptied
-- In both:
--   oldest  the first tick that is retained
--   last    the last tick
-- It reads in one snapshot. It looks first where the change should stand. Then it looks through the
-- whole log, because ids have no index.
CREATE OR REPLACE FUNCTION herald.explain_change(change bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c herald.changes;
  t herald.ticks;
  oldest herald.ticks := herald.first_tick();
  last herald.ticks;
BEGIN
  SELECT k.* INTO last FROM herald.ticks k ORDER BY k.id DESC LIMIT 1;
  SELECT k.* INTO t FROM herald.ticks k WHERE k.upto >= change ORDER BY k.id LIMIT 1;
  SELECT b.* INTO c FROM herald.batch(t.since, t.snapshot) b WHERE b.id = change;
  IF NOT FOUND THEN
    SELECT h.* INTO c FROM herald.changes h WHERE h.id = change;
  END IF;
  IF c.id IS NULL THEN
    RETURN jsonb_build_object('found', false, 'fault', herald.explain_absence(change, oldest, last), 'oldest', oldest.id, 'last', last.id);
  END IF;
  SELECT k.* INTO t FROM herald.ticks k WHERE k.upto >= c.id AND pg_visible_in_snapshot(c.xid, k.snapshot) ORDER BY k.id LIMIT 1;
  IF pg_visible_in_snapshot(c.xid, t.since) THEN
    t := NULL;
  END IF;
  RETURN jsonb_build_object('found', true, 'xid', c.xid::text, 'tick', t.id, 'at', to_char(t.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS "UTC"'), 'topic', c.topic, 'event', c.event,
    'audience', to_jsonb(c.audience), 'unless', to_jsonb(c.unless), 'makers', (SELECT jsonb_agg(m) FROM herald.explain_makers(c) m),
    'fault', CASE WHEN t.id IS NULL THEN CASE WHEN pg_visible_in_snapshot(c.xid, last.snapshot) THEN 'expired' ELSE 'unticked' END END,
    'oldest', oldest.id, 'last', last.id);
END $$;

-- herald.explain_absence(change, oldest, last): why this change is not in the log. See above.
CREATE OR REPLACE FUNCTION herald.explain_absence(change bigint, oldest herald.ticks, last herald.ticks) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN change > CASE WHEN herald.follows() THEN last.upto ELSE (SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM herald.change_id s) END THEN 'ahead'
    WHEN change <= oldest.upto THEN 'expired'
    -- then the next tick says where the new history begins, at the latest
    WHEN oldest.upto = 0 AND oldest.id > 1
     AND change <= coalesce((SELECT k.upto FROM herald.ticks k WHERE k.id > oldest.id ORDER BY k.id LIMIT 1), change) THEN 'restored'
    WHEN EXISTS (SELECT FROM pg_locks l WHERE l.relation = 'herald.changes'::regclass AND l.mode = 'RowExclusiveLock'
                    AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())) THEN 'open'
    ELSE 'absent' END
$$;

-- herald.explain_makers(c): what may have made this change, as sentences.
-- It goes by the watches and rules of now, so it names all that could have made it.
CREATE OR REPLACE FUNCTION herald.explain_makers(c herald.changes) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  states boolean := num_nonnulls(c.key, c.row_now, c.row_was) > 0; -- default data
BEGIN
  IF c.event = 'bulk' THEN
    RETURN NEXT CASE c.data ->> 'reason'
      WHEN 'muted' THEN 'herald.mute(): its transaction said one bulk event instead of its rows'
      WHEN 'fault' THEN 'a capture that failed, of a table of this topic: see faults in herald.status'
      WHEN 'truncate' THEN 'TRUNCATE of a partition by its own name'
      WHEN 'ddl' THEN 'DDL that no trigger sees: a table of this topic, a partition or a child of it was dropped, attached, or has another one in its place'
      WHEN 'crash' THEN 'a crash of the server: a table of this topic is UNLOGGED, and was emptied'
      ELSE 'a bulk event' END;
    RETURN;
  END IF;
  RETURN QUERY
  SELECT CASE WHEN c.event = 'left' THEN format('watch of %s: a row left those who saw it by %s', w.target, array_to_string(w.audience, ', '))
              WHEN r.id IS NULL THEN format('watch of %s: the default event, for the table has no rules', w.target)
              ELSE format('rule of %s on %s%s, data %s', w.target, r.operation, CASE r.condition WHEN 'true' THEN '' ELSE ' where ' || herald.one_line(r.condition, 100) END,
                          coalesce(herald.one_line(r.data, 60), 'as the default event''s')) END
    FROM herald.watches w
    LEFT JOIN herald.rules r ON r.target = w.target AND r.event = c.event
   WHERE w.topic = c.topic
     AND CASE WHEN c.event = 'left' THEN herald.leaves_source(w) IS NOT NULL
              WHEN r.id IS NULL THEN herald.default_events(w) AND c.event LIKE '%.%' AND herald.is_default(c, w)
              WHEN r.data IS NULL THEN herald.is_default(c, w) AND r.operation IN ('any', c.data ->> 'op')
              ELSE NOT states END
   ORDER BY w.id, r.id;
  IF NOT FOUND THEN
    RETURN NEXT 'herald.publish, or a rule that is not there any more';
  END IF;
END $$;

-- herald.is_default(c, w): has this change the data of a default event of the watched table?
CREATE OR REPLACE FUNCTION herald.is_default(c herald.changes, w herald.watches) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.data ->> 'table' = (SELECT n.nspname || '.' || t.relname FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace WHERE t.oid = w.target)
$$;

-- herald.one_line(sql, most): an expression on one line, cut to so many characters, for a sentence.
CREATE OR REPLACE FUNCTION herald.one_line(sql text, most int) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN length(s) > most THEN left(s, most - 3) || '...' ELSE s END FROM regexp_replace(btrim(sql, E' \t\n'), E'\\s+', ' ', 'g') s
$$;

-- herald.explain_for(xid, change, topics, events, key1 .. key4): is this change for a subscriber
-- with such topics, events and keys?
--   passes  the answer, by herald.is_for
--   topic, event, unless, keys  the same, asked for one thing at a time. unless NULL: the change
--                               has none. keys: one for each key
-- All are NULL where the change is not in the log.
CREATE OR REPLACE FUNCTION herald.explain_for(
  xid xid8, change bigint, topics text[], events text[], key1 text[], key2 text[], key3 text[], key4 text[],
  OUT passes boolean, OUT topic boolean, OUT event boolean, OUT unless boolean, OUT keys boolean[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.is_for(c, topics, events, key1, key2, key3, key4),
         herald.is_for(jsonb_populate_record(c, '{"event": "bulk", "audience": ["*"], "unless": null}'), topics, NULL, NULL, NULL, NULL, NULL),
         herald.is_for(jsonb_populate_record(c, '{"audience": ["*"], "unless": null}'), ARRAY[c.topic], events, NULL, NULL, NULL, NULL),
         c.unless IS NULL OR NOT herald.may_see(c.unless, key1, key2, key3, key4),
         ARRAY[herald.may_see(c.audience, key1, NULL, NULL, NULL), herald.may_see(c.audience, key2, NULL, NULL, NULL),
               herald.may_see(c.audience, key3, NULL, NULL, NULL), herald.may_see(c.audience, key4, NULL, NULL, NULL)]
    FROM herald.changes c WHERE c.xid = explain_for.xid AND c.id = change
$$;

-- herald.hangs(w): do all triggers of the watched table hang?
CREATE OR REPLACE FUNCTION herald.hangs(w herald.watches) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.hanging_ddl(w) IS NULL
$$;
