-- herald.capture(w): makes the trigger functions of a watched table again and hangs its triggers.
-- It forgets the last fault of the table.
--   w  its row of herald.watches
-- The functions run with the rights of their owner, so writers need none on herald.
-- Some have a fixed search_path: with rules, with virtual columns, and with casts that somebody
-- wrote. Names in such expressions are looked up in pg_catalog only.
-- The others have none, because SET costs a writer 5 to 10 us a row. Their text works with any
-- search_path.
-- Raises the compiler's error where the expression of a rule is wrong. Raises where the table
-- cannot be locked (herald.patiently).
-- Writes to the catalog and to herald.faults. The fault of a writer that is still open stays.
CREATE OR REPLACE FUNCTION herald.capture(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
BEGIN
  PERFORM herald.capture_functions(w), herald.hang(w);
  PERFORM herald.forget_fault(w.id);
END $$;

-- herald.forget_fault(watch): its capture has been made again.
-- It takes the lock of herald.keep_fault, because an administrator's transaction may stay open.
-- Meanwhile writers keep no faults, and wait for nothing.
-- Where an open writer has the lock, its fault stays. Writes herald.faults.
CREATE OR REPLACE FUNCTION herald.forget_fault(watch int) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
  IF pg_try_advisory_xact_lock(1751478881, 16 + watch) THEN
    DELETE FROM herald.faults f WHERE f.watch = watch;
  END IF;
END $$;

-- herald.capture_functions(w): makes all its trigger functions again. That locks no table.
-- Whoever makes them or takes them away locks the row of the watch. Else one of two at once would
-- fail.
-- A writer with a fault refers to that row. It need not wait for this kind of lock.
CREATE OR REPLACE FUNCTION herald.capture_functions(w herald.watches) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.hold(w.target);
  SELECT herald.make_functions(w);
$$;

-- herald.make_functions(w): the same, for a caller that has the lock already.
CREATE OR REPLACE FUNCTION herald.make_functions(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  w := herald.keep_hidden(w);
  PERFORM herald.capture_function(w, op) FROM unnest(herald.capture_kinds()) op;
  PERFORM herald.partition_function(w), herald.let_partition(w);
  PERFORM pg_notify('herald_streams', ''); -- its routing columns may compare in another way now
END $$;

-- herald.hold(target): locks the row of its watch, to the end of the transaction. Before that it
-- takes its turn, because an installation wants that row.
-- Raises as herald.patiently does where another administrator's open transaction has it.
CREATE OR REPLACE FUNCTION herald.hold(target oid) RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.take_turn();
  SELECT herald.patiently(format('SELECT FROM herald.watches WHERE target = %s FOR NO KEY UPDATE', target), ARRAY['herald.watches'::regclass::oid], NULL, '{AccessShareLock}')
$$;

-- herald.capture_function(w, op): makes the trigger function of one operation again.
-- Returns whether the operation yields events. Where it does not, the function stays as long as its
-- trigger does, and does nothing.
CREATE OR REPLACE FUNCTION herald.capture_function(w herald.watches, op text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source text := herald.source_of(w, op);
BEGIN
  IF source IS NOT NULL OR to_regprocedure(herald.capture_name(w, op)) IS NOT NULL THEN
    EXECUTE format('CREATE OR REPLACE FUNCTION %s RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER %s %s AS %L', herald.capture_name(w, op),
                   CASE WHEN NOT herald.default_events(w) OR EXISTS (SELECT FROM herald.virtual_columns(w)) OR herald.calls_casts(w) THEN 'SET search_path = pg_catalog, pg_temp' END,
                   -- a backslash in a rule is one in every session
                   CASE WHEN strpos(source, E'\\') > 0 THEN 'SET standard_conforming_strings = on SET backslash_quote = on' END,
                   coalesce(source, format(E'-- of no use (%s)\nBEGIN RETURN NEW; END', herald.stamp(w))));
    PERFORM herald.own_function(herald.capture_name(w, op));
  END IF;
  RETURN source IS NOT NULL;
END $$;

-- herald.own_function(fn): nobody else may call a generated function. It belongs to the owner of
-- the schema.
-- So it runs with the owner's rights, and not with those of a superuser who called herald.watch.
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

-- herald.capture_kinds(): each of these has a trigger function. moved: an UPDATE that takes a row
-- to another partition.
CREATE OR REPLACE FUNCTION herald.capture_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT '{insert,update,delete,truncate,moved}'::text[] $$;

-- herald.source_of(w, op): the text of the trigger function. NULL: the table needs none.
CREATE OR REPLACE FUNCTION herald.source_of(w herald.watches, op text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE op WHEN 'moved' THEN herald.relocation_source(w) ELSE herald.capture_source(w, op) END
$$;

-- herald.capture_name(w, op): the name of the trigger function, as it is called.
-- No other database has a function of this name. So a trigger that comes with the dump of a single
-- table finds none there.
CREATE OR REPLACE FUNCTION herald.capture_name(w herald.watches, op text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT format('herald.capture_%s_%s_%s()', w.id, w.tag, op) $$;

-- herald.numbers_of(target, names): the numbers of these columns.
CREATE OR REPLACE FUNCTION herald.numbers_of(target oid, names text[]) RETURNS int2[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = target AND a.attname = ANY (names) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
$$;

-- herald.numbered(w): numbers the excluded columns of a watch that came with a dump.
-- Where the table had lost a column, a restore gives its columns other numbers. Then the excluded
-- ones are known by their names, as long as all of these exist.
-- Returns the row of the watch. Writes herald.watches.
CREATE OR REPLACE FUNCTION herald.numbered(w herald.watches) RETURNS herald.watches
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  named int2[] := herald.numbers_of(w.target, w.exclude);
BEGIN
  IF cardinality(named) = cardinality(w.exclude) AND named <> w.hidden THEN
    UPDATE herald.watches h SET hidden = named WHERE h.id = w.id RETURNING h.* INTO w;
  END IF;
  RETURN w;
END $$;

-- This version captures what is watched already. It also captures what was loaded as a row, and has
-- no trigger function yet.
-- That locks no table. Missing triggers are hung after the commit.
-- Triggers of versions before 0003 are gone already, and their tables are locked.
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
