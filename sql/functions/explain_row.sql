-- What `pgherald explain --row` asks. Did the last change of a row make an event? The row's own xmin
-- says which transaction wrote it last.
-- These run with the rights of their caller, which has to read the row.
-- A row that was written in a savepoint has the number of that, and the log has the number of the
-- whole transaction. Nothing says which savepoints a transaction had. So where an older transaction
-- of the log may hold the row's, there is no saying no.

-- herald.explain_table(asked): what stands between a row of the table and its events.
--   asked_name its name, and
--   kind       its relkind
--   name       the table that is watched: itself, or the nearest one that it is a partition of
--   watch      NULL: there is none. So are all that follow, but keys
--   unhung     does one of its triggers miss?
--   fault      why its last capture failed. NULL: it did not
--   exclude, columns, audience  of the watch, as lists
--   rules      how many it has
--   tells_key  do its events tell the primary key?
--   keys       the columns of the primary key
-- Reads the catalog.
CREATE OR REPLACE FUNCTION herald.explain_table(
  asked regclass, OUT asked_name text, OUT kind "char", OUT name text, OUT watch int, OUT topic text, OUT unhung boolean, OUT fault text, OUT exclude text, OUT columns text,
  OUT audience text, OUT rules bigint, OUT tells_key boolean, OUT keys text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w herald.watches;
BEGIN
  SELECT h.* INTO w FROM (SELECT asked AS id, 0 AS at UNION ALL SELECT p.id, p.at FROM pg_partition_ancestors(asked) WITH ORDINALITY p (id, at)) t
    JOIN herald.watches h ON h.target = t.id ORDER BY t.at LIMIT 1;
  SELECT c.relkind INTO kind FROM pg_class c WHERE c.oid = asked;
  asked_name := asked; -- with its schema, by the search_path of this function
  name := coalesce(w.target, asked);
  keys := ARRAY(SELECT k.name FROM herald.explain_keys(coalesce(w.target, asked)) k ORDER BY k.at);
  IF w.id IS NULL THEN
    RETURN;
  END IF;
  watch := w.id;
  topic := w.topic;
  unhung := NOT herald.hangs(w);
  fault := (SELECT f.reason FROM herald.faults f WHERE f.watch = w.id);
  exclude := array_to_string(w.exclude, ', ');
  columns := array_to_string(w.columns, ', ');
  audience := array_to_string(w.audience, ', ');
  rules := (SELECT count(*) FROM herald.rules r WHERE r.target = w.target);
  tells_key := herald.key_columns(w) <> '{}';
END $$;

-- herald.explain_keys(target): the columns of the primary key, in its order.
--   type, any_length  its type, with and without its length
CREATE OR REPLACE FUNCTION herald.explain_keys(target regclass) RETURNS TABLE (at bigint, name text, type text, any_length text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.at, a.attname::text, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, -1)
    FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY o (n, at), pg_attribute a
   WHERE i.indrelid = explain_keys.target AND i.indisprimary AND o.at <= i.indnkeyatts AND a.attrelid = i.indrelid AND a.attnum = o.n
$$;

-- herald.explain_key(target, key): the values of the primary key as events have them, so that none is rounded.
--   key  one value, or several joined by commas, or a JSON object with all columns
-- NULL: there is not one for each column, or one is too long for it. Raises the error of a type that
-- cannot be made of a value.
CREATE OR REPLACE FUNCTION herald.explain_key(target regclass, key text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET DateStyle = 'ISO' SET IntervalStyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
DECLARE
  names text[] := ARRAY(SELECT k.name FROM herald.explain_keys(target) k ORDER BY k.at);
  given text[] := herald.explain_given(names, key);
  k record;
  is_exact boolean;
  value text;
BEGIN
  IF cardinality(given) <> cardinality(names) OR names = '{}' THEN
    RETURN NULL;
  END IF;
  FOR k IN SELECT * FROM herald.explain_keys(target) LOOP
    EXECUTE format('SELECT $1::%s::text, $1::%s = $1::%1$s', k.type, k.any_length) INTO value, is_exact USING given[k.at];
    IF is_exact IS NOT TRUE THEN
      RETURN NULL;
    END IF;
    given[k.at] := value;
  END LOOP;
  RETURN given;
END $$;

-- herald.explain_given(names, key): the same as it was given. The value of a single column may have
-- commas, and may be an object that has no such column.
CREATE OR REPLACE FUNCTION herald.explain_given(names text[], key text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  object jsonb;
BEGIN
  BEGIN
    object := key::jsonb;
  EXCEPTION WHEN data_exception OR program_limit_exceeded OR statement_too_complex THEN
    object := NULL; -- it is no JSON
  END;
  RETURN CASE WHEN jsonb_typeof(object) = 'object' AND object ?& names THEN ARRAY(SELECT object ->> n.name FROM unnest(names) WITH ORDINALITY n (name, at) ORDER BY n.at)
              WHEN cardinality(names) = 1 THEN ARRAY[key]
              ELSE string_to_array(key, ',') END;
END $$;

-- herald.explain_row(watch, key): the row, and what the log has of it.
--   key          herald.explain_key
--   there        is the row there, for this role?
--   id, event, audience  the last event of the row. NULL: the log has none
--   same         is that of the transaction that wrote the row last?
--   holds        may that be a savepoint of the event's?
--   op           of the event, where its data is that of a default event
--   alike        does the event tell the row as it is?
--   other, other_event   the last event of the transaction that may stand for the row: a bulk, or
--                        that of a rule whose data has no key. NULL: none
--   instead      is that a bulk, in place of the rows of their transaction?
--   old          was the row written before what the log retains?
-- Times, floats and such are written as events have them. It is to be called in a snapshot of its own.
CREATE OR REPLACE FUNCTION herald.explain_row(
  watch int, key text[], OUT there boolean, OUT id bigint, OUT event text, OUT audience text, OUT same boolean, OUT holds boolean, OUT op text, OUT alike boolean,
  OUT other bigint, OUT other_event text, OUT instead boolean, OUT old boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'postgres' SET bytea_output = 'hex' SET extra_float_digits = 1 AS $$
DECLARE
  w herald.watches;
  row_is jsonb;
  row_xmin bigint;
  plain jsonb;
  told jsonb;
  row_xid xid8;
  is_whole boolean; -- the log has the row's transaction, so it is no savepoint
  before pg_snapshot; -- of a tick before it began. What that had seen was over, and does not hold it
BEGIN
  SELECT h.* INTO w FROM herald.watches h WHERE h.id = watch;
  SELECT f.row_is, f.row_xmin, f.key_is INTO row_is, row_xmin, plain FROM herald.explain_found(w.target, key) f;
  told := herald.explain_told(w, plain);
  row_xid := herald.explain_xid(row_xmin);
  is_whole := EXISTS (SELECT FROM herald.changes c WHERE c.xid = row_xid);
  before := (SELECT k.snapshot FROM herald.ticks k WHERE pg_snapshot_xmax(k.snapshot) <= row_xid ORDER BY k.id DESC LIMIT 1);
  there := row_is IS NOT NULL;
  old := row_xmin < 3 OR row_xid < pg_snapshot_xmax((herald.first_tick()).snapshot);

  WITH l AS (
    SELECT c.*, c.xid = row_xid AS same,
           coalesce(NOT is_whole AND c.xid < row_xid AND (before IS NULL OR NOT pg_visible_in_snapshot(c.xid, before)), false) AS holds
      FROM herald.changes c
     WHERE c.topic = w.topic AND NOT EXISTS (SELECT FROM herald.watches x WHERE x.topic = w.topic AND x.id <> w.id AND herald.is_default(c, x))
  ), e AS (
    SELECT l.* FROM l
     WHERE l.key @> plain OR l.key @> told
        OR (l.key IS NULL AND l.event NOT IN ('left', 'bulk', 'schema') AND (l.data @> plain OR l.data @> told))
        OR (l.data ->> 'op' = 'truncate' AND NOT there)
     ORDER BY l.id DESC LIMIT 1
  ), o AS (
    SELECT l.* FROM l
     WHERE (l.same OR l.holds)
       AND (l.event = 'bulk' OR (l.key IS NULL AND EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target AND r.event = l.event AND r.data IS NOT NULL)))
     ORDER BY l.event = 'bulk' AND l.same DESC, l.id DESC LIMIT 1
  )
  SELECT e.id, e.event, array_to_string(e.audience, ', '), e.same, e.holds, CASE WHEN e.key IS NOT NULL OR e.data ->> 'op' = 'truncate' THEN e.data ->> 'op' END,
         e.row_now IS NOT NULL AND NOT EXISTS (SELECT FROM jsonb_each(e.row_now) j WHERE (row_is -> j.key = j.value OR row_is ->> j.key = j.value #>> '{}') IS NOT TRUE),
         o.id, o.event, o.event = 'bulk' AND o.same
    INTO id, event, audience, same, holds, op, alike, other, other_event, instead
    FROM (SELECT) one LEFT JOIN e ON true LEFT JOIN o ON true;
END $$;

-- herald.explain_found(target, key): the row with this primary key.
--   row_is, row_xmin  NULL: there is none
--   key_is            its primary key as an object, whether it is there or not
CREATE OR REPLACE FUNCTION herald.explain_found(target regclass, key text[], OUT row_is jsonb, OUT row_xmin bigint, OUT key_is jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  finds text;
  makes text;
  names text[];
BEGIN
  SELECT string_agg(format('t.%I = $1[%s]::%s', k.name, k.at, k.type), ' AND '), string_agg(format('%L, $1[%s]::%s', k.name, k.at, k.type), ', '), array_agg(k.name)
    INTO finds, makes, names FROM herald.explain_keys(target) k;
  EXECUTE format('SELECT to_jsonb(t), t.xmin::text::bigint FROM %s t WHERE %s LIMIT 1', target, finds) INTO row_is, row_xmin USING key;
  IF row_is IS NULL THEN
    EXECUTE format('SELECT jsonb_build_object(%s)', makes) INTO key_is USING key;
  ELSE
    key_is := (SELECT jsonb_object_agg(n, row_is -> n) FROM unnest(names) n);
  END IF;
END $$;

-- herald.explain_told(w, key): the key as the events of the watched table tell it (numbers => 'text').
CREATE OR REPLACE FUNCTION herald.explain_told(w herald.watches, key jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_object_agg(j.key, CASE
           WHEN j.key NOT IN (SELECT c.name FROM herald.text_columns(w) c) THEN j.value
           WHEN jsonb_typeof(j.value) = 'array' THEN (SELECT jsonb_agg(v) FROM jsonb_array_elements_text(j.value) v)
           ELSE to_jsonb(j.value #>> '{}') END)
    FROM jsonb_each(explain_told.key) j
$$;

-- herald.explain_xid(x): a transaction of a row's xmin, with its epoch: the last one that had the number.
CREATE OR REPLACE FUNCTION herald.explain_xid(x bigint) RETURNS xid8
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (s - (s - x) % 4294967296)::text::xid8 FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint) n (s)
$$;
