-- herald.capture(w): makes the trigger functions of a watched table anew and hangs its triggers. Its last fault is forgotten.
--   w  its row of herald.watches
-- The functions run with their owner's rights: writers need none on herald. With rules, virtual columns or casts that somebody wrote they have
-- a fixed search_path, for the names in those expressions are looked up in pg_catalog only; without, their text is immune to any
-- (SET costs a writer 5 to 10 us a row). Raises the compiler's error where a rule's expression is wrong, and where the table cannot be
-- locked (herald.patiently). Writes to the catalog and to herald.faults; a writer that is open with a fault keeps that.
CREATE OR REPLACE FUNCTION herald.capture(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
BEGIN
  PERFORM herald.capture_functions(w), herald.hang(w);
  PERFORM herald.forget_fault(w.id);
END $$;

-- herald.forget_fault(watch): its capture has been made anew. Under the lock of herald.keep_fault, for an administrator's transaction may stay open:
-- writers keep nothing meanwhile, and wait for nothing. Where a writer that is open has the lock its fault stays. Writes herald.faults.
CREATE OR REPLACE FUNCTION herald.forget_fault(watch int) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
  IF pg_try_advisory_xact_lock(1751478881, 16 + watch) THEN
    DELETE FROM herald.faults f WHERE f.watch = watch;
  END IF;
END $$;

-- herald.capture_functions(w): makes all its trigger functions anew, which locks no table. Whoever does that, or takes them away, has the
-- watch's row locked: two at once would fail one of them. The lock is one that a writer with a fault, which refers to the row, need not wait for.
CREATE OR REPLACE FUNCTION herald.capture_functions(w herald.watches) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.hold(w.target);
  SELECT herald.make_functions(w);
$$;

-- herald.make_functions(w): the same, of whoever has the watch to himself.
CREATE OR REPLACE FUNCTION herald.make_functions(w herald.watches) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.capture_function(w, op) FROM unnest(herald.capture_kinds()) op;
  SELECT herald.partition_function(w), herald.let_partition(w);
$$;

-- herald.hold(target): locks the row of its watch, to the end of the transaction. Another administrator may have it in a transaction that
-- is still open: then it raises as herald.patiently does.
CREATE OR REPLACE FUNCTION herald.hold(target oid) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.patiently(format('SELECT FROM herald.watches WHERE target = %s FOR NO KEY UPDATE', target), ARRAY['herald.watches'::regclass::oid], NULL, '{AccessShareLock}')
$$;

-- herald.capture_function(w, op): makes the trigger function of one operation anew; returns whether the operation yields events. Where
-- it does not, the function is there only as long as its trigger is, and does nothing.
CREATE OR REPLACE FUNCTION herald.capture_function(w herald.watches, op text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source text := herald.source_of(w, op);
BEGIN
  IF source IS NOT NULL OR to_regprocedure(herald.capture_name(w, op)) IS NOT NULL THEN
    EXECUTE format('CREATE OR REPLACE FUNCTION %s RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER %s %s AS %L', herald.capture_name(w, op),
                   CASE WHEN NOT herald.default_events(w) OR EXISTS (SELECT FROM herald.virtual_columns(w)) OR herald.calls_casts(w) THEN 'SET search_path = pg_catalog, pg_temp' END,
                   CASE WHEN strpos(source, E'\\') > 0 THEN 'SET standard_conforming_strings = on' END, -- a rule's backslash is one in every session
                   coalesce(source, format(E'-- of no use (%s)\nBEGIN RETURN NEW; END', herald.stamp(w))));
    PERFORM herald.own_function(herald.capture_name(w, op));
  END IF;
  RETURN source IS NOT NULL;
END $$;

-- herald.own_function(fn): a function that was generated is nobody's to call, and belongs to the owner of the schema, with whose rights it runs:
-- not with those of a superuser who typed herald.watch.
CREATE OR REPLACE FUNCTION herald.own_function(fn text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  owner regrole := (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'herald');
BEGIN
  EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', fn);
  IF owner <> (SELECT p.proowner FROM pg_proc p WHERE p.oid = fn::regprocedure) THEN
    EXECUTE format('ALTER FUNCTION %s OWNER TO %s', fn, owner);
  END IF;
END $$;

-- herald.capture_kinds(): for what there is a trigger function; moved: an UPDATE that takes a row to another partition.
CREATE OR REPLACE FUNCTION herald.capture_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT '{insert,update,delete,truncate,moved}'::text[] $$;

-- herald.source_of(w, op): its text; NULL: there is no use for it.
CREATE OR REPLACE FUNCTION herald.source_of(w herald.watches, op text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE op WHEN 'moved' THEN herald.relocation_source(w) ELSE herald.capture_source(w, op) END
$$;

-- herald.capture_name(w, op): that function, as it is called. No other database has one of this name, so a trigger that comes with a
-- dump of a single table finds none there.
CREATE OR REPLACE FUNCTION herald.capture_name(w herald.watches, op text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT format('herald.capture_%s_%s_%s()', w.id, w.tag, op) $$;

-- herald.numbers_of(target, names): the numbers of these columns.
CREATE OR REPLACE FUNCTION herald.numbers_of(target oid, names text[]) RETURNS int2[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = target AND a.attname = ANY (names) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
$$;

-- herald.numbered(w): a watch that came with a dump: where the table had lost a column its columns have other numbers now. What is excluded is
-- known by its names then, as long as all of them are there. Returns its row. Writes herald.watches.
CREATE OR REPLACE FUNCTION herald.numbered(w herald.watches) RETURNS herald.watches
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  numbers int2[] := herald.numbers_of(w.target, w.exclude);
BEGIN
  IF cardinality(numbers) = cardinality(w.exclude) AND numbers <> w.hidden THEN
    UPDATE herald.watches h SET hidden = numbers WHERE h.id = w.id RETURNING h.* INTO w;
  END IF;
  RETURN w;
END $$;

-- What is watched already is captured by this version from now on; what was loaded as a row, and has no trigger function yet, too. Nothing
-- is locked: missing triggers are hung when this is committed. Those of before 0003 are gone already, and their tables locked.
DO $$
DECLARE
  w herald.watches;
BEGIN
  FOR w IN SELECT h.* FROM herald.watches h JOIN pg_class c ON c.oid = h.target LOOP
    IF NOT EXISTS (SELECT FROM unnest(herald.capture_kinds()) op WHERE to_regprocedure(herald.capture_name(w, op)) IS NOT NULL) THEN
      w := herald.numbered(w);
    END IF;
    PERFORM herald.capture_functions(w);
  END LOOP;
  PERFORM herald.hang(h) FROM herald.watches h JOIN pg_class c ON c.oid = h.target, herald.migrations m
    WHERE m.version = 3 AND m.applied_at = now();
END $$;
