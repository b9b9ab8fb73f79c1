-- Captures follow DDL of a watched table. The text of its trigger functions was made for what was
-- there before:
--   - its name and schema
--   - its primary key
--   - the types of its routing columns
--   - its virtual columns
--   - its partitions
-- Nobody tells of DDL, because an event trigger needs a superuser. So the maker of ticks looks at
-- each of its safety polls (herald.look), and makes the functions again. That locks no table, but for a moment
-- where rows can move between new partitions.

-- herald.stamp(w): a fingerprint of all in the catalog that the text depends on. It stands in the
-- text.
-- The text also depends on herald.watches and herald.rules. Whatever changes these makes the
-- functions again.
CREATE OR REPLACE FUNCTION herald.stamp(w herald.watches) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT md5(concat_ws('/', c.oid, c.relkind, n.nspname, c.relname,
           (SELECT string_agg(concat_ws(',', a.attnum, a.attname, a.atttypmod, t.oid, t.typnamespace, t.typname, t.typtype, t.typbasetype,
                                        CASE a.attgenerated WHEN 'v' THEN (SELECT d.adbin::text FROM pg_attrdef d WHERE d.adrelid = c.oid AND d.adnum = a.attnum) END), ';' ORDER BY a.attnum)
              FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
           (SELECT concat(i.indkey::text, CASE WHEN i.indnatts > i.indnkeyatts THEN ':' || i.indnkeyatts END) FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary),
           CASE c.relkind WHEN 'p' THEN concat_ws(',', herald.partitions_source(w), herald.partition_columns(c.oid), herald.relocates(w)) END,
           -- which see into them
           CASE WHEN herald.has_made_types(c.oid) THEN concat_ws(',', herald.settings_of(w), herald.calls_casts(w), herald.long_columns(w)) END))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = w.target);
END $$;

-- herald.has_made_types(target): has it columns of types that DDL can change below the table?
-- DDL cannot change the types of pg_catalog. Nothing depends on an enum, unless somebody made a
-- cast.
-- Without this, a look into all types would take ten times as long as the rest of the stamp.
CREATE OR REPLACE FUNCTION herald.has_made_types(target oid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem
                  WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped
                    AND ((t.typnamespace <> 'pg_catalog'::regnamespace AND t.typtype <> 'e' AND e.typtype IS DISTINCT FROM 'e')
                         -- 16384: the first oid that is not PostgreSQL's own
                         OR EXISTS (SELECT FROM pg_cast c WHERE c.castsource = ANY (ARRAY[t.oid, t.typelem]) AND c.castfunc >= 16384)));
END $$;

-- herald.renew_captures(after, until): makes the trigger functions again of those tables that are not what
-- they were.
--   after  the watch that was the last one, in the order of their numbers
-- Returns the last one where it was not through by this time, and NULL where it was. It does one at least.
-- It forgets their last fault. herald.look calls it.
-- Where somebody is changing the same functions it leaves off, and the next look goes on. It takes
-- stamps without a lock. Writes to the catalog, and herald.faults.
CREATE OR REPLACE FUNCTION herald.renew_captures(after int, until timestamptz) RETURNS int
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' SET client_min_messages = warning AS $$
DECLARE
  w herald.watches;
BEGIN
  FOR w IN SELECT h.* FROM herald.watches h WHERE h.id > after AND herald.is_altered(h)
            ORDER BY h.id
              -- a session that has the row makes them itself
              FOR NO KEY UPDATE OF h SKIP LOCKED LOOP
    EXIT WHEN NOT herald.renew_capture(w);
    IF clock_timestamp() > until THEN
      RETURN w.id;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- herald.renew_captures_of(topic): does so for the tables of one topic, all of them.
-- Returns false where somebody else is at one of them. herald.look_at_shapes calls it before it tells of the topic.
CREATE OR REPLACE FUNCTION herald.renew_captures_of(topic text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' SET client_min_messages = warning AS $$
DECLARE
  altered int;
  w herald.watches;
BEGIN
  FOR altered IN SELECT h.id FROM herald.watches h WHERE h.topic = renew_captures_of.topic AND herald.is_altered(h) ORDER BY h.id LOOP
    SELECT h.* INTO w FROM herald.watches h WHERE h.id = altered FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND OR NOT herald.renew_capture(w) THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN true;
END $$;

-- herald.is_altered(w): is the text of its trigger functions of a table that was another one?
CREATE OR REPLACE FUNCTION herald.is_altered(w herald.watches) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  now text := herald.stamp(w);
BEGIN
  -- OFFSET 0: a function is looked up once, whatever join the settings of the planner lead to
  RETURN EXISTS (SELECT FROM (SELECT to_regprocedure(herald.capture_name(w, op)) AS fn FROM unnest(herald.capture_kinds()) op OFFSET 0) f
                  WHERE (SELECT p.prosrc ~ '^-- generated' AND strpos(p.prosrc, now) = 0 FROM pg_proc p WHERE p.oid = f.fn));
END $$;

-- herald.altered(): the watched tables of which that is so. For doctor, whose role may not read all of it.
CREATE OR REPLACE FUNCTION herald.altered() RETURNS SETOF regclass
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT w.target FROM herald.watches w WHERE herald.is_altered(w) ORDER BY w.id;
END $$;

-- herald.renew_capture(w): does so for one table. Returns false where somebody else is at it.
-- What cannot be done is a fault of this table only. doctor names it.
CREATE OR REPLACE FUNCTION herald.renew_capture(w herald.watches) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM herald.capture_functions(w), herald.try_hang(w, '~herald_moved');
  PERFORM herald.forget_fault(w.id);
  RETURN true;
EXCEPTION
  WHEN lock_not_available OR internal_error THEN -- the second: "tuple concurrently updated"
    RETURN false;
  WHEN OTHERS THEN
    PERFORM herald.keep_fault(w.id, format('the table was altered, and its capture cannot follow: %s', SQLERRM));
    RETURN true;
END $$;
