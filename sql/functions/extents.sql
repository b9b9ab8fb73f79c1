-- DDL takes rows away, brings rows or writes other values, and no trigger sees it:
--   - a watched table is dropped, or swaps its name with another one
--   - a partition or child is dropped, detached or attached
--   - ALTER TYPE, a column that comes with values, another expression of a generated column
--   - columns that swap names, an enum label that gets another name
--   - a crash empties an UNLOGGED table
-- So herald.extents keeps what a watched table consisted of, and marks that such DDL changes. The
-- maker of ticks compares that with the catalog (herald.look).
-- A difference is a `bulk` event, reason ddl or crash, at which clients fetch again.
-- That needs no event trigger, and so no superuser.

-- herald.keep_extent(w): notes what a watched table consists of now, and its name. It tells
-- nothing.
-- Writes herald.extents.
CREATE OR REPLACE FUNCTION herald.keep_extent(w herald.watches) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO herald.extents (watch, schema, name, tables, stamp, marks)
  SELECT w.id, n.nspname, c.relname, x.tables, x.stamp, herald.marks(w, x.tables) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN herald.extents_now() x ON x.watch = w.id
   WHERE c.oid = w.target
  ON CONFLICT (watch) DO UPDATE SET schema = excluded.schema, name = excluded.name, tables = excluded.tables, stamp = excluded.stamp, marks = excluded.marks, namesake = NULL
$$;

-- herald.extents_now(): for each watched table
--   tables    itself, its partitions and its children by INHERITS on all levels. '{}': it is gone
--   namesake  another table that has the name it was watched by
--   unlogged  would a crash empty any of it?
--   stamp     of all in the catalog that herald.marks looks at. Marks take a hundred times as long,
--             so they are made only where this differs
-- Locks no table.
DROP FUNCTION IF EXISTS herald.extents_now(); -- it had no stamp
CREATE FUNCTION herald.extents_now() RETURNS TABLE (watch int, tables oid[], namesake oid, unlogged boolean, stamp text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
  WITH RECURSIVE tree AS (
    SELECT w.id, w.target::oid AS oid, '' AS link FROM herald.watches w
    UNION ALL
    SELECT t.id, i.inhrelid, i.xmin::text FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
  ), names AS MATERIALIZED ( -- of enum labels, and of members of composite types
    SELECT (SELECT concat_ws(',', count(*), sum(e.xmin::text::bigint)) FROM pg_enum e) AS enums,
           (SELECT concat_ws(',', count(*), sum(a.xmin::text::bigint)) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind = 'c') AS members
  )
  SELECT t.id, coalesce(array_agg(c.oid ORDER BY c.oid) FILTER (WHERE c.oid IS NOT NULL), '{}'),
         (SELECT o.oid FROM herald.extents e JOIN pg_namespace n ON n.nspname = e.schema JOIN pg_class o ON o.relnamespace = n.oid AND o.relname = e.name
            JOIN herald.watches w ON w.id = e.watch WHERE e.watch = t.id AND o.oid <> w.target AND o.relkind IN ('r', 'p')),
         coalesce(bool_or(c.relpersistence = 'u'), false),
         md5(concat_ws('/', (SELECT concat_ws(',', n.enums, n.members) FROM names n),
                       string_agg(concat_ws(',', c.oid, t.link, c.relfilenode, CASE t.link WHEN '' THEN (SELECT sum(a.xmin::text::bigint * a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) END,
                                            (SELECT sum(d.oid::bigint) FROM pg_attrdef d WHERE d.adrelid = c.oid)), ' ' ORDER BY c.oid, t.link COLLATE "C")))
    FROM tree t LEFT JOIN pg_class c ON c.oid = t.oid
   GROUP BY t.id
$$;

-- herald.marks(w, tables): what tells whether rows may have changed by DDL since. An object of objects
--   links      of each partition or child: the transaction that attached it
--   files      of each table: the file that has its rows. What writes the table anew makes another
--   columns    of each column by number: [the transaction that last altered it, its name, do rows that
--              were there before it have a value of it?]
--   told       those columns that are told or route
--   generated  of each generated column of each table: its expression
--   names      of enum labels, and of members of composite types, by what they are
-- Renaming a column alters it too, VACUUM FULL makes another file. Only both at once say that values
-- are others. Partitions have the columns of the table.
-- Raw ids of transactions stay as they are, also where vacuum freezes the row.
-- Locks no table.
CREATE OR REPLACE FUNCTION herald.marks(w herald.watches, tables oid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN jsonb_strip_nulls(jsonb_build_object(
    'links', (SELECT jsonb_object_agg(i.inhrelid, i.xmin::text) FROM pg_inherits i WHERE i.inhrelid = ANY (tables) AND i.inhparent = ANY (tables)),
    'files', (SELECT jsonb_object_agg(c.oid, c.relfilenode) FROM pg_class c WHERE c.oid = ANY (tables)),
    'columns', (SELECT jsonb_object_agg(a.attnum, jsonb_build_array(a.xmin::text, a.attname, a.atthasmissing OR a.attgenerated <> '')) FROM pg_attribute a
                 WHERE a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped),
    'told', (SELECT jsonb_object_agg(a.attnum, true)
               FROM (SELECT herald.default_events(w), herald.key_columns(w) OFFSET 0) AS d(defaults, keys)
               JOIN pg_attribute a ON a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped
              WHERE NOT d.defaults OR a.attname = ANY (w.audience || d.keys)
                 OR (a.attname <> ALL (w.exclude) AND a.attnum <> ALL (w.hidden) AND (w.columns IS NULL OR a.attname = ANY (w.columns)))),
    'generated', (SELECT jsonb_object_agg(concat_ws('.', a.attrelid, a.attname), d.oid)
                    FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE d.adrelid = ANY (tables) AND a.attgenerated <> ''),
    'names', CASE WHEN EXISTS (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                                WHERE a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped AND t.typnamespace <> 'pg_catalog'::regnamespace)
      THEN (SELECT jsonb_object_agg(n.id, n.name)
              FROM herald.types_of(w) u JOIN pg_type t ON t.oid = u.type
             CROSS JOIN LATERAL (SELECT e.oid::text AS id, e.enumlabel AS name FROM pg_enum e WHERE t.typtype = 'e' AND e.enumtypid = t.oid
                                 UNION ALL
                                 SELECT concat_ws('.', a.attrelid, a.attnum), a.attname FROM pg_attribute a
                                  WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) n) END));
END $$;

-- herald.differs(was, now, part): has one thing in both of them another mark of this kind?
CREATE OR REPLACE FUNCTION herald.differs(was jsonb, now jsonb, part text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM jsonb_each(was -> part) o JOIN jsonb_each(now -> part) n USING (key) WHERE o.value <> n.value)
$$;

-- herald.rewritten(was, now): have rows other values by DDL, as far as the marks can say? They say so
-- where values may be the same, for a column and its file may be altered by two statements.
-- Since November 2026 (17.12) ALTER TYPE writes the catalog rows of all later columns anew. So there a
-- column that is not told counts, too, if one that is told comes after it: either may be altered.
--   was  NULL: nobody has looked yet
CREATE OR REPLACE FUNCTION herald.rewritten(was jsonb, now jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  is_new_file boolean := herald.differs(was, now, 'files');
BEGIN
  RETURN was IS NOT NULL AND (herald.differs(was, now, 'names')
      OR EXISTS (SELECT FROM jsonb_each(now -> 'columns') n LEFT JOIN jsonb_each(was -> 'columns') o USING (key)
                  WHERE now -> 'told' ? n.key
                    AND ((is_new_file AND o.value -> 0 IS DISTINCT FROM n.value -> 0)
                         OR (o.key IS NULL AND (n.value -> 2)::boolean)
                         -- another one had this name
                         OR EXISTS (SELECT FROM jsonb_each(was -> 'columns') x WHERE x.key <> n.key AND x.value -> 1 = n.value -> 1)
                         OR EXISTS (SELECT FROM jsonb_each(was -> 'generated') x JOIN jsonb_each(now -> 'generated') y USING (key)
                                     WHERE x.value <> y.value AND substr(key, strpos(key, '.') + 1) = n.value ->> 1))));
END $$;

-- herald.arrived(target, known): have tables come to it that brought rows?
-- A table that was made as a partition was empty. One that was attached may have had rows.
-- It counts unless it is empty now, as far as can be seen without waiting for a lock.
--   known  what it consisted of before
CREATE OR REPLACE FUNCTION herald.arrived(target oid, known oid[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE tree AS (
    SELECT arrived.target AS oid, false AS attached
    UNION ALL
    SELECT i.inhrelid, i.inhrelid <> ALL (known) AND (t.attached OR NOT herald.is_born_so(i.inhrelid))
      FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
  )
  SELECT EXISTS (SELECT FROM tree t WHERE t.attached AND herald.has_pages(t.oid))
$$;

-- herald.is_born_so(part): was it made by CREATE TABLE ... PARTITION OF?
-- Then the catalog row of some column is from the same command as those of its system columns.
-- ATTACH PARTITION writes the rows of all columns again.
CREATE OR REPLACE FUNCTION herald.is_born_so(part oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_class c JOIN pg_attribute s ON s.attrelid = c.oid AND s.attnum = -1
                   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.xmin = s.xmin AND a.cmin = s.cmin
                  WHERE c.oid = part AND c.relispartition)
$$;

-- herald.has_pages(part): may there be rows in it? True where somebody has it locked, so that it
-- cannot be seen.
CREATE OR REPLACE FUNCTION herald.has_pages(part oid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
BEGIN
  RETURN coalesce(pg_relation_size(part) > 0, false);
EXCEPTION WHEN lock_not_available THEN
  RETURN true;
END $$;

-- herald.tells_any(w, operations): does the table tell one of these operations?
CREATE OR REPLACE FUNCTION herald.tells_any(w herald.watches, operations text[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.default_events(w) OR EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target AND r.operation = ANY (operations || 'any'::text))
$$;

-- herald.look_at_extents(until): compares what is kept with what is there, and tells what differs.
-- Returns whether it got through before this time. What it has told is kept, so the next call goes on.
-- herald.look calls it.
-- It waits for a lock only for a moment. The next look does what is left.
CREATE OR REPLACE FUNCTION herald.look_at_extents(until timestamptz) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
  crashed boolean := NOT EXISTS (SELECT FROM herald.survivor);
  now record;
BEGIN
  PERFORM herald.look_at_rechecks(crashed);
  PERFORM herald.keep_extent(h) FROM herald.watches h WHERE NOT EXISTS (SELECT FROM herald.extents e WHERE e.watch = h.id);
  FOR now IN SELECT x.* FROM herald.extents_now() x JOIN herald.extents e USING (watch)
              WHERE x.tables <> e.tables OR x.namesake IS DISTINCT FROM e.namesake OR x.stamp IS DISTINCT FROM e.stamp OR (crashed AND x.unlogged) LOOP
    -- after a crash all are told at once, because nothing says later which ones were
    IF clock_timestamp() > until AND NOT crashed THEN
      RETURN false;
    END IF;
    PERFORM herald.look_at_extent(now.watch, now.tables, now.namesake, now.stamp, crashed AND now.unlogged);
  END LOOP;
  INSERT INTO herald.survivor SELECT WHERE crashed;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN true; -- and nothing was told
END $$;

-- herald.look_at_extent(watch, tables, namesake, stamp, emptied): the same for one table, of which this is
-- what is there.
--   emptied  a crash has emptied some of it
CREATE OR REPLACE FUNCTION herald.look_at_extent(watch int, tables oid[], namesake oid, stamp text, emptied boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  now_marks jsonb;
  was herald.extents;
  w herald.watches;
BEGIN
  SELECT e.* INTO was FROM herald.extents e WHERE e.watch = watch FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN; -- somebody is watching it again just now
  END IF;
  SELECT h.* INTO w FROM herald.watches h WHERE h.id = watch;
  now_marks := herald.marks(w, tables);
  IF NOT tables <@ was.tables THEN
    PERFORM herald.try_hang(w, '!herald_truncated'); -- on the new ones
  END IF;
  UPDATE herald.extents e SET tables = tables, namesake = namesake, stamp = stamp, marks = now_marks WHERE e.watch = watch;
  IF emptied THEN
    PERFORM herald.tell_extent(w.topic, 'crash');
  ELSIF (tables = '{}' AND was.tables <> '{}')
     OR herald.differs(was.marks, now_marks, 'links')
     OR (herald.rewritten(was.marks, now_marks) AND herald.yields(w, 'update'))
     OR (namesake IS NOT NULL AND namesake IS DISTINCT FROM was.namesake)
     OR (NOT was.tables <@ tables AND herald.tells_any(w, '{delete,truncate}'))
     OR (tables <> '{}' AND NOT tables <@ was.tables AND herald.tells_any(w, '{insert}') AND herald.arrived(w.target, was.tables)) THEN
    PERFORM herald.tell_extent(w.topic, 'ddl');
  END IF;
END $$;

-- herald.tell_extent(topic, reason): the `bulk` event, to everyone on the topic.
-- Writes herald.changes. Rings.
DROP FUNCTION IF EXISTS herald.tell_extent(text, text); -- it returned true
CREATE FUNCTION herald.tell_extent(topic text, reason text) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO herald.changes (topic, event, audience, data)
  VALUES (tell_extent.topic, 'bulk', '{*}', jsonb_build_object('topic', tell_extent.topic, 'reason', reason));
$$;

-- herald.succeed(target): moves a watch to a table that has the name now.
-- The former table had this name, and is gone or has another name. The watch goes over with its
-- rules and all it says.
-- So nothing is lost when somebody makes a table again, or swaps two, and watches the name again.
-- A warning says that the other table is watched no more. herald.watch calls it.
CREATE OR REPLACE FUNCTION herald.succeed(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  w herald.watches;
BEGIN
  SELECT h.* INTO w
    FROM herald.watches h JOIN herald.extents e ON e.watch = h.id JOIN pg_class c ON c.oid = target JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE e.schema = n.nspname AND e.name = c.relname AND h.target <> target AND NOT EXISTS (SELECT FROM herald.watches o WHERE o.target = target)
   ORDER BY h.id LIMIT 1;
  IF FOUND THEN
    IF EXISTS (SELECT FROM pg_class c WHERE c.oid = w.target) THEN
      RAISE WARNING 'pgherald: ''%'' takes over the watch and the rules of ''%'', which had this name and is watched no more', target, w.target
        USING HINT = format('If its changes are to be told, too: SELECT herald.watch(%L).', w.target);
    END IF;
    PERFORM herald.take_triggers(w);
    UPDATE herald.watches h SET target = target WHERE h.id = w.id;
  END IF;
END $$;
