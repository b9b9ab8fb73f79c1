-- herald.hang(w): hangs the triggers of a watched table that are missing, and takes away those that
-- it needs no more.
-- What is there stays as it is, with what its owner has set: ENABLE ALWAYS, ENABLE REPLICA,
-- DISABLE.
-- Where there is nothing to do it locks nothing.
-- The triggers name no columns but those of partition keys, so they never stand in the way of ALTER
-- TABLE.
-- Triggers fire in the order of their names. These begin with '!', so a later trigger that writes
-- the row again is told after this.
-- Raises where the table cannot be locked. A trigger that is not needed does nothing, so it can
-- wait until the next time.
CREATE OR REPLACE FUNCTION herald.hang(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  useless text := herald.useless_ddl(w);
  missing text;
BEGIN
  BEGIN
    IF useless IS NOT NULL THEN
      PERFORM herald.patiently(useless, herald.tables_of(w.target), least(herald.patience(), '1 s'));
    END IF;
  EXCEPTION WHEN lock_not_available THEN
    NULL;
  END;
  missing := herald.hanging_ddl(w);
  IF missing IS NOT NULL THEN
    PERFORM herald.patiently(missing, herald.tables_of(w.target));
    PERFORM herald.let_partition(w);
  END IF;
END $$;

-- herald.wanted_triggers(w): the triggers that a watched table is to have.
--   fires    when they fire
--   columns  they fire for updates of these. '{}': of any
DROP FUNCTION IF EXISTS herald.wanted_triggers(herald.watches); -- it had no columns
CREATE FUNCTION herald.wanted_triggers(w herald.watches) RETURNS TABLE (relation oid, name text, fires text, function regprocedure, columns text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT w.target, '!herald_' || o, format('AFTER %s ON %s FOR EACH %s', o, w.target, CASE o WHEN 'truncate' THEN 'STATEMENT' ELSE 'ROW' END), to_regprocedure(herald.capture_name(w, o)), '{}'::text[]
    FROM unnest('{insert,update,delete,truncate}'::text[]) o WHERE herald.yields(w, o)
  UNION ALL -- the last one of its kind, because others may change the row
  SELECT w.target, '~herald_moved', format('BEFORE UPDATE OF %s ON %s FOR EACH ROW', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(k.columns) c), w.target),
         to_regprocedure(herald.capture_name(w, 'moved')), k.columns
    FROM (SELECT herald.partition_columns(w.target) AS columns OFFSET 0) k WHERE herald.relocates(w)
  UNION ALL
  SELECT t, '!herald_truncated', format('AFTER truncate ON %s FOR EACH STATEMENT', t::regclass), to_regprocedure(herald.capture_name(w, 'truncated')), '{}'
    FROM pg_class c, unnest(herald.tables_of(w.target)) t JOIN pg_class p ON p.oid = t AND p.relkind IN ('r', 'p') WHERE c.oid = w.target AND c.relkind = 'p'
$$;

-- herald.hanging_ddl(w, one): statements that hang what is missing, calls another function or fires
-- for other columns.
-- They also take away what hangs by another name, as in an older version. NULL: there is nothing to
-- do.
--   one  the trigger of this name. NULL: all
CREATE OR REPLACE FUNCTION herald.hanging_ddl(w herald.watches, one text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT nullif(concat(
    (SELECT string_agg(format('DROP TRIGGER %I ON %s; ', t.tgname, t.tgrelid::regclass), '')
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE one IS NULL AND t.tgrelid = w.target AND pg_has_role(c.relowner, 'USAGE') AND t.tgname !~ '^[!~]herald_'
        AND t.tgfoid IN (SELECT to_regprocedure(herald.capture_name(w, o)) FROM unnest(herald.capture_kinds()) o)),
    (SELECT string_agg(format('CREATE OR REPLACE TRIGGER %I %s EXECUTE FUNCTION %s; ', n.name, n.fires, n.function)
                    || coalesce('ALTER TABLE ' || n.relation::regclass || ' ' || herald.enabling(n.relation, n.name) || format(' TRIGGER %I; ', n.name), ''), '')
       FROM herald.wanted_triggers(w) n
      WHERE n.name = coalesce(one, n.name)
        AND NOT EXISTS (SELECT FROM pg_trigger t, LATERAL (SELECT ARRAY(SELECT a.attname::text FROM pg_attribute a
                                                                          WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr::int2[])) AS columns) k
                         WHERE t.tgrelid = n.relation AND t.tgname = n.name AND t.tgfoid = n.function AND k.columns @> n.columns AND k.columns <@ n.columns))), '')
$$;

-- herald.enabling(relation, name): how a trigger that is hung is to be enabled.
-- It is enabled as the one whose place it takes. A new one is enabled as its neighbours, where all
-- of them fire for replicated changes.
-- NULL: as every trigger is. Only the owner of the table may say otherwise.
CREATE OR REPLACE FUNCTION herald.enabling(relation oid, name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE coalesce((SELECT t.tgenabled::text FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = enabling.name),
                       (SELECT min(t.tgenabled::text) FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname ~ '^!herald_'
                        HAVING count(DISTINCT t.tgenabled) = 1 AND bool_and(t.tgenabled IN ('A', 'R'))))
           WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'D' THEN 'DISABLE' END
    FROM pg_class c WHERE c.oid = relation AND pg_has_role(c.relowner, 'USAGE')
$$;

-- herald.try_hang(w, one): hangs the trigger of this name after DDL, where that can be done at
-- once.
-- Nobody is to wait after the maker of ticks, and it is to wait for nobody. Else doctor says that
-- the trigger is missing.
CREATE OR REPLACE FUNCTION herald.try_hang(w herald.watches, one text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '20ms' SET client_min_messages = warning AS $$
DECLARE
  missing text := herald.hanging_ddl(w, one);
BEGIN
  IF missing IS NOT NULL THEN
    LOCK TABLE herald.watches, herald.rules IN ROW EXCLUSIVE MODE; -- herald.take_turn, but not patiently
    EXECUTE missing;
    PERFORM herald.let_partition(w);
  END IF;
EXCEPTION WHEN OTHERS THEN
  NULL;
END $$;

-- herald.useless_ddl(w): the statement that takes away functions that are not needed, with their
-- triggers. NULL: there are none.
CREATE OR REPLACE FUNCTION herald.useless_ddl(w herald.watches) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'DROP FUNCTION ' || string_agg(f.function::text, ', ') || ' CASCADE'
    FROM (SELECT to_regprocedure(herald.capture_name(w, o)) AS function
            FROM unnest(herald.capture_kinds()) o WHERE NOT CASE o WHEN 'moved' THEN herald.relocates(w) ELSE herald.yields(w, o) END) f
   WHERE f.function IS NOT NULL
$$;

-- herald.take_triggers(w): takes its trigger functions away, and their triggers with them.
-- Does nothing where they are gone, or the table is.
CREATE OR REPLACE FUNCTION herald.take_triggers(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
BEGIN
  PERFORM herald.hold(w.target); -- as herald.capture_functions
  PERFORM herald.patiently('DROP FUNCTION IF EXISTS ' || string_agg(herald.capture_name(w, op), ', ') || ' CASCADE', herald.tables_of(w.target))
     FROM unnest(herald.capture_kinds() || 'truncated'::text) op;
END $$;

-- herald.unhung(): a statement for each watched table that lacks a trigger.
-- The installation could not do this in its own transaction, because it locks tables. Each
-- statement is to be a transaction of its own.
CREATE OR REPLACE FUNCTION herald.unhung() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('DO $do$ BEGIN PERFORM herald.hold(w.target), herald.hang(w) FROM herald.watches w WHERE w.id = %s; END $do$', w.id)
    FROM herald.watches w JOIN pg_class c ON c.oid = w.target WHERE herald.hanging_ddl(w) IS NOT NULL ORDER BY w.id
$$;
