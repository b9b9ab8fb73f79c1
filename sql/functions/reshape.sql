-- Event `schema`, data {"topics": ["orders"]}: the events of a topic look otherwise from here on.
-- Clients may fetch the contract again (herald.schema, GET /stream/schema).
-- It goes to everyone on the topic as a change of the log: once, in the total order.
-- herald.watch, unwatch, rule, unrule and stream tell it with their transaction. The maker of ticks
-- finds DDL at its safety polls. So no event trigger and no superuser is needed.
-- The first shape of a topic is not told.

-- herald.is_filled(a): is there no NULL in this column?
-- A NOT NULL that is NOT VALID (PostgreSQL 18) says nothing of the rows that were there before.
CREATE OR REPLACE FUNCTION herald.is_filled(a pg_attribute) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN a.attnotnull AND NOT EXISTS (SELECT FROM pg_constraint c
                                       WHERE c.conrelid = a.attrelid AND c.contype = 'n' AND NOT c.convalidated AND c.conkey = ARRAY[a.attnum]);
END $$;

-- herald.fingerprint(topic): of all that decides what the events of a topic look like. NULL: no
-- table has the topic.
-- That is the told columns of its tables with their types, NOT NULLs, checks and enum labels. It is
-- also the text of its rules and of the functions that they name.
-- It locks no table, because the maker of ticks must wait for no ALTER TABLE. pg_get_constraintdef
-- would lock one. Reads the catalog.
CREATE OR REPLACE FUNCTION herald.fingerprint(topic text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT md5(jsonb_agg(jsonb_build_array(w.target::text, w.columns, w.exclude, w.audience = '{}', d.keys,
           (SELECT jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), herald.is_filled(a),
                             (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid IN (t.oid, t.typelem, t.typbasetype)))
                             ORDER BY a.attname)
              FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
             WHERE a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped
               AND (NOT d.defaults OR (a.attname <> ALL (w.exclude) AND (w.columns IS NULL OR a.attname = ANY (w.columns))) OR a.attname = ANY (d.keys))),
           -- where its text stood, which a dump changes
           (SELECT jsonb_agg(DISTINCT regexp_replace(c.conbin::text, E':location -?\\d+', '', 'g'))
              FROM pg_constraint c WHERE c.conrelid = w.target AND c.contype = 'c' AND c.convalidated),
           (SELECT jsonb_agg(DISTINCT jsonb_build_array(r.event, r.operation, herald.rule_texts(r.data))) FROM herald.rules r WHERE r.target = w.target))
         ORDER BY w.target::text)::text)
    FROM herald.watches w CROSS JOIN LATERAL (SELECT herald.default_events(w), herald.key_columns(w) OFFSET 0) AS d(defaults, keys)
   WHERE w.topic = fingerprint.topic);
END $$;

-- herald.rule_texts(data): the expression of a rule, and after it the sources of the functions that
-- it names with their schema.
-- PostgreSQL folds names as "C" does, whatever the locale of the database. In Turkish the lower
-- case of I is not i.
CREATE OR REPLACE FUNCTION herald.rule_texts(data text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT ARRAY[data] || ARRAY(SELECT p.prosrc
                                FROM regexp_matches(data, E'(\\w+)\\.(\\w+)\\s*\\(', 'g') m
                                JOIN pg_namespace n ON n.nspname = lower(m[1] COLLATE "C") AND n.nspname <> 'pg_catalog'
                                JOIN pg_proc p ON p.pronamespace = n.oid AND p.proname = lower(m[2] COLLATE "C") ORDER BY p.prosrc));
END $$;

-- herald.reshape(topic): looks whether the events of the topic look as they did.
-- A difference is told at the end of the transaction. Whatever changes watches, rules and streams
-- calls it.
-- Writes herald.shapes, herald.reshapes.
CREATE OR REPLACE FUNCTION herald.reshape(topic text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
  IF herald.fingerprint(topic) IS NOT DISTINCT FROM (SELECT s.fingerprint FROM herald.shapes s WHERE s.topic = topic) THEN
    RETURN;
  ELSIF herald.streamed(topic) AND EXISTS (SELECT FROM herald.shapes s WHERE s.topic = topic) THEN
    INSERT INTO herald.reshapes (topic) VALUES (topic);
  ELSE
    PERFORM herald.take_shape(topic, NULL);
  END IF;
END $$;

-- herald.streamed(topic): can anybody hear of it? The streams of a publisher may be at its
-- subscribers.
CREATE OR REPLACE FUNCTION herald.streamed(topic text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM herald.streams s WHERE streamed.topic = ANY (s.topics)) OR EXISTS (SELECT FROM pg_publication)
$$;

-- herald.take_shape(topic, at): keeps what the events of the topic look like now. Where they looked
-- otherwise it tells that, and returns true.
--   at  the id that the event is to have. NULL: the next one
-- It takes the fingerprint after the lock of its row, so of two at once only one tells. The other
-- one waits for nobody, because it may have locked the table. The next look tells what is left.
-- Writes herald.shapes, herald.changes. Rings.
CREATE OR REPLACE FUNCTION herald.take_shape(topic text, at bigint) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  was text;
  now text;
BEGIN
  SELECT s.fingerprint INTO was FROM herald.shapes s WHERE s.topic = topic FOR UPDATE SKIP LOCKED;
  IF NOT FOUND AND EXISTS (SELECT FROM herald.shapes s WHERE s.topic = topic) THEN
    RETURN false;
  END IF;
  now := herald.fingerprint(topic);
  IF now IS NULL THEN
    DELETE FROM herald.shapes s WHERE s.topic = topic;
  ELSE
    INSERT INTO herald.shapes (topic, fingerprint) VALUES (topic, now)
    ON CONFLICT ON CONSTRAINT shapes_pkey DO UPDATE SET fingerprint = excluded.fingerprint, at = excluded.at
      WHERE shapes.fingerprint <> excluded.fingerprint;
  END IF;
  IF was IS NULL OR was IS NOT DISTINCT FROM now OR NOT herald.streamed(topic) THEN
    RETURN false;
  END IF;
  INSERT INTO herald.changes (id, topic, event, audience, data)
  VALUES (coalesce(at, nextval('herald.change_id')), topic, 'schema', '{*}', jsonb_build_object('topics', jsonb_build_array(topic)));
  RETURN true;
END $$;

-- herald.tell_reshape(): trigger function of herald.reshapes, at the end of the transaction.
-- It fails nobody. It cannot tell where its snapshot is older than another session's change of the
-- same topic. The next look does that.
CREATE OR REPLACE FUNCTION herald.tell_reshape() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- those of this transaction. Others' are not visible
  DELETE FROM herald.reshapes r WHERE r.topic = NEW.topic;
  IF FOUND THEN
    PERFORM herald.take_shape(NEW.topic, NEW.id);
  END IF;
  RETURN NULL;
EXCEPTION WHEN serialization_failure THEN
  RETURN NULL;
END $$;

-- herald.look_at_shapes(after, until): compares topics with what was told of them last, and tells what
-- differs. It makes the topic's trigger functions again before that, in the same transaction. So after its event
-- "schema" a topic's events look so, however slow the machine is.
--   after  the topic that was the last one, in the order of their bytes
-- Returns the last one where it was not through by this time, and NULL where it was. herald.look calls it.
-- It does not wait for a session that is changing the same topic.
CREATE OR REPLACE FUNCTION herald.look_at_shapes(after text, until timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT n.topic, s.fingerprint AS was
             FROM (SELECT w.topic FROM herald.watches w UNION SELECT h.topic FROM herald.shapes h) n LEFT JOIN herald.shapes s USING (topic)
            WHERE n.topic COLLATE "C" > after ORDER BY n.topic COLLATE "C" LOOP
    IF herald.fingerprint(t.topic) IS DISTINCT FROM t.was THEN
      PERFORM FROM herald.shapes s WHERE s.topic = t.topic FOR UPDATE SKIP LOCKED;
      IF (FOUND OR t.was IS NULL) AND herald.renew_captures_of(t.topic) THEN
        PERFORM herald.take_shape(t.topic, NULL);
      END IF;
    END IF;
    IF clock_timestamp() > until THEN
      RETURN t.topic;
    END IF;
  END LOOP;
  RETURN NULL;
EXCEPTION WHEN lock_not_available THEN
  RETURN NULL; -- and nothing was told
END $$;

-- herald.look(step): looks at what DDL has changed, for 0.1 s and whatever is in hand then. Returns where to
-- go on.
--   step  where to go on, as the last call said it. NULL: at the beginning
-- Returns NULL where it is through.
-- Each call is to be a transaction. So locks are held for a moment only, and a look that is cut off goes on.
-- The daemon with the role of making ticks calls it, in a session of its own. Ticks wait for none of it.
CREATE OR REPLACE FUNCTION herald.look(step text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  until timestamptz := clock_timestamp() + '100 ms';
BEGIN
  IF herald.follows() THEN
    RETURN NULL;
  END IF;
  LOOP
    step := herald.look_step(coalesce(step, 'extents'), until);
    EXIT WHEN step IS NULL OR clock_timestamp() > until;
  END LOOP;
  RETURN step;
END $$;

-- herald.look_step(step, until): takes one of these steps, and returns the next one. NULL: there is none.
--   extents         what watched tables consist of (herald.look_at_extents)
--   shapes TOPIC    what events look like, of the topics after this one
--   captures WATCH  trigger functions, of the watches after this one. Not all that these depend on is a shape
CREATE OR REPLACE FUNCTION herald.look_step(step text, until timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  at text := substr(step, strpos(step, ' ') + 1);
BEGIN
  IF step = 'extents' THEN
    RETURN CASE WHEN herald.look_at_extents(until) THEN 'shapes ' ELSE 'extents' END;
  ELSIF step LIKE 'shapes %' THEN
    RETURN coalesce('shapes ' || herald.look_at_shapes(at, until), 'captures 0');
  END IF;
  RETURN 'captures ' || herald.renew_captures(at::int, until);
END $$;

-- A topic that this version sees for the first time.
DO $$
BEGIN
  PERFORM herald.take_shape(w.topic, NULL)
     FROM (SELECT DISTINCT topic FROM herald.watches) w WHERE NOT EXISTS (SELECT FROM herald.shapes s WHERE s.topic = w.topic);
END $$;
