-- DDL takes rows away, or brings rows, that no trigger sees:
--   - a watched table is dropped, or swaps its name with another one
--   - a partition or child is dropped, detached or attached
--   - a crash empties an UNLOGGED table
-- So herald.extents keeps what a watched table consisted of. The maker of ticks compares that with
-- the catalog, when it looks at the shapes.
-- A difference is a `bulk` event, reason ddl or crash, at which clients fetch again.
-- That needs no event trigger, and so no superuser.

-- herald.keep_extent(w): notes what a watched table consists of now, and its name. It tells
-- nothing.
-- Writes herald.extents.
CREATE OR REPLACE FUNCTION herald.keep_extent(w herald.watches) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO herald.extents (watch, schema, name, tables)
  SELECT w.id, n.nspname, c.relname, x.tables FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN herald.extents_now() x ON x.watch = w.id
   WHERE c.oid = w.target
  ON CONFLICT (watch) DO UPDATE SET schema = excluded.schema, name = excluded.name, tables = excluded.tables, namesake = NULL
$$;

-- herald.extents_now(): for each watched table
--   tables    itself, its partitions and its children by INHERITS on all levels. '{}': it is gone
--   namesake  another table that has the name it was watched by
--   unlogged  would a crash empty any of it?
-- Locks no table.
CREATE OR REPLACE FUNCTION herald.extents_now() RETURNS TABLE (watch int, tables oid[], namesake oid, unlogged boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE tree AS (
    SELECT w.id, w.target::oid AS oid FROM herald.watches w
    UNION ALL
    SELECT t.id, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
  )
  SELECT t.id, coalesce(array_agg(c.oid ORDER BY c.oid) FILTER (WHERE c.oid IS NOT NULL), '{}'),
         (SELECT o.oid FROM herald.extents e JOIN pg_namespace n ON n.nspname = e.schema JOIN pg_class o ON o.relnamespace = n.oid AND o.relname = e.name
            JOIN herald.watches w ON w.id = e.watch WHERE e.watch = t.id AND o.oid <> w.target AND o.relkind IN ('r', 'p')),
         coalesce(bool_or(c.relpersistence = 'u'), false)
    FROM tree t LEFT JOIN pg_class c ON c.oid = t.oid
   GROUP BY t.id
$$;

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

-- herald.look_at_extents(): compares what is kept with what is there. Returns whether there was
-- something to tell.
-- The maker of ticks calls it through herald.look_at_shapes.
-- It waits for a lock only for a moment. The next look does what is left.
CREATE OR REPLACE FUNCTION herald.look_at_extents() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
  crashed boolean := NOT EXISTS (SELECT FROM herald.survivor);
  now record;
  was herald.extents;
  w herald.watches;
  told boolean := false;
BEGIN
  INSERT INTO herald.survivor SELECT WHERE crashed;
  told := herald.look_at_rechecks(crashed);
  PERFORM herald.keep_extent(h) FROM herald.watches h WHERE NOT EXISTS (SELECT FROM herald.extents e WHERE e.watch = h.id);
  FOR now IN SELECT x.* FROM herald.extents_now() x JOIN herald.extents e USING (watch)
              WHERE x.tables <> e.tables OR x.namesake IS DISTINCT FROM e.namesake OR (crashed AND x.unlogged) LOOP
    SELECT e.* INTO was FROM herald.extents e WHERE e.watch = now.watch FOR UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND; -- somebody is watching it again just now
    SELECT h.* INTO w FROM herald.watches h WHERE h.id = now.watch;
    IF NOT now.tables <@ was.tables THEN
      PERFORM herald.try_hang(w, '!herald_truncated'); -- on the new ones
    END IF;
    UPDATE herald.extents e SET tables = now.tables, namesake = now.namesake WHERE e.watch = now.watch;
    IF crashed AND now.unlogged THEN
      told := herald.tell_extent(w.topic, 'crash');
    ELSIF (now.tables = '{}' AND was.tables <> '{}')
       OR (now.namesake IS NOT NULL AND now.namesake IS DISTINCT FROM was.namesake)
       OR (NOT was.tables <@ now.tables AND herald.tells_any(w, '{delete,truncate}'))
       OR (now.tables <> '{}' AND NOT now.tables <@ was.tables AND herald.tells_any(w, '{insert}') AND herald.arrived(w.target, was.tables)) THEN
      told := herald.tell_extent(w.topic, 'ddl');
    END IF;
  END LOOP;
  RETURN told;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

-- herald.tell_extent(topic, reason): the `bulk` event, to everyone on the topic. Returns true.
-- Writes herald.changes. Rings.
CREATE OR REPLACE FUNCTION herald.tell_extent(topic text, reason text) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO herald.changes (topic, event, audience, data)
  VALUES (tell_extent.topic, 'bulk', '{*}', jsonb_build_object('topic', tell_extent.topic, 'reason', reason));
  SELECT true;
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
