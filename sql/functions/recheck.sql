-- herald.recheck(sub): asks the authorize function again for every open stream of this subject.
-- NULL: of everyone. A stream that is not allowed any more is closed (forbidden). It belongs to the
-- caller's transaction.
CREATE OR REPLACE FUNCTION herald.recheck(sub text DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.tell_gate('recheck', jsonb_build_object('sub', sub))
$$;
COMMENT ON FUNCTION herald.recheck(text) IS
  'Public: asks the authorize function again for every open stream of the subject sub; of '
  'everyone where sub is NULL. Streams that are not allowed any more are closed. Takes effect '
  'when the transaction commits.';

-- herald.tell_recheck(): trigger function of the tables that streams name in `recheck`.
-- Its argument is the column that holds the subject. Where there is none, or where it cannot be
-- said whom a row names, it asks again for everyone, once a transaction. It fails no writer.
CREATE OR REPLACE FUNCTION herald.tell_recheck() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  was text[] := '{}';
  is_now text[] := '{}';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW *= OLD THEN -- byte by byte: works for any type
      RETURN NULL;
    END IF;
  END IF;
  IF TG_OP IN ('UPDATE', 'DELETE') THEN was := herald.subjects_of(OLD, TG_ARGV[0]); END IF;
  IF TG_OP IN ('UPDATE', 'INSERT') THEN is_now := herald.subjects_of(NEW, TG_ARGV[0]); END IF;
  IF was IS NOT NULL AND is_now IS NOT NULL AND TG_OP <> 'TRUNCATE' THEN
    PERFORM herald.tell_gate('recheck', jsonb_build_object('sub', s)) FROM (SELECT unnest(was) UNION SELECT unnest(is_now)) v(s);
  ELSIF current_setting('herald.rechecked', true) IS DISTINCT FROM pg_current_xact_id()::text THEN
    PERFORM herald.recheck(), set_config('herald.rechecked', pg_current_xact_id()::text, true);
  END IF;
  RETURN NULL;
END $$;

-- herald.subjects_of(r, col, whole): the subject that a row names in this column, or none.
-- NULL: it cannot be said. There is no such column any more, or its value cannot be printed.
--   whole  prints the whole row, which is twice as fast. Where that fails the column alone is tried
-- Only the cancellation of the writer's own statement ends here (herald.is_raised).
-- It has the search_path of herald.tell_recheck, which alone calls it. One of its own would cost a
-- writer 5 to 10 us a row.
CREATE OR REPLACE FUNCTION herald.subjects_of(r record, col text, whole boolean DEFAULT true) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
  printed jsonb;
  context text;
BEGIN
  IF whole THEN
    printed := to_jsonb(r);
  ELSE
    EXECUTE format('SELECT jsonb_build_object(%L, ($1).%I)', col, col) INTO printed USING r;
  END IF;
  RETURN CASE WHEN printed ? col THEN array_remove(ARRAY[printed ->> col], NULL) END;
EXCEPTION WHEN OTHERS OR assert_failure OR query_canceled THEN
  GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
  IF SQLSTATE = '57014' AND NOT herald.is_raised(SQLERRM, context) THEN
    RAISE;
  END IF;
  RETURN CASE WHEN whole THEN herald.subjects_of(r, col, false) END;
END $$;

-- herald.hang_rechecks(): gives every table that a stream names in `recheck` its triggers. It takes
-- away those that no stream needs any more.
-- Raises where they cannot be locked, as herald.patiently does. It locks all of them at once, so
-- that no lock is kept while another one is waited for. Where there is nothing to do it locks
-- nothing.
CREATE OR REPLACE FUNCTION herald.hang_rechecks() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  ddl text;
  targets oid[];
BEGIN
  SELECT string_agg(r.ddl, '; '), array_agg(r.target) INTO ddl, targets FROM herald.rechecks_ddl() r;
  IF ddl IS NOT NULL THEN
    PERFORM herald.take_turn();
    PERFORM herald.patiently(ddl, ARRAY(SELECT unnest(herald.tables_of(t)) FROM unnest(targets) t));
    PERFORM herald.let_recheck();
  END IF;
END $$;

-- herald.let_recheck(): as herald.let_partition, where such a table is partitioned. The function
-- can only tell that somebody is to be asked again.
CREATE OR REPLACE FUNCTION herald.let_recheck() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid AND c.relkind = 'p' WHERE t.tgfoid = 'herald.tell_recheck'::regproc)
     AND NOT has_function_privilege('public', 'herald.tell_recheck()', 'EXECUTE') THEN
    GRANT EXECUTE ON FUNCTION herald.tell_recheck() TO PUBLIC;
  END IF;
END $$;

-- herald.rechecks_ddl(): the statements for that, and the table that each locks.
-- A name that no table has, or has any more, stands in nobody's way. doctor tells of it
-- (herald.doubts). The triggers of a table that was renamed stay.
CREATE OR REPLACE FUNCTION herald.rechecks_ddl() RETURNS TABLE (target oid, ddl text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH wanted AS (
    SELECT DISTINCT herald.table_named(e.key) AS target, e.value AS col, '!gate_recheck_' || left(md5(coalesce(e.value, '')), 8) AS name
      FROM herald.streams s, jsonb_each_text(s.recheck) e
  ), hung AS (
    SELECT g.tgrelid::regclass AS target, g.tgname::text AS name FROM pg_trigger g
     WHERE g.tgfoid = 'herald.tell_recheck'::regproc AND NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgname NOT LIKE E'%\\_all'
  )
  SELECT h.target, format('DROP TRIGGER IF EXISTS %1$I ON %3$s; DROP TRIGGER IF EXISTS %2$I ON %3$s', h.name, h.name || '_all', h.target)
    FROM hung h WHERE NOT EXISTS (SELECT FROM wanted w WHERE coalesce(w.target, h.target) = h.target AND w.name = h.name)
  UNION ALL
  SELECT w.target, format('CREATE OR REPLACE TRIGGER %1$I AFTER INSERT OR UPDATE OR DELETE ON %3$s FOR EACH ROW EXECUTE FUNCTION herald.tell_recheck(%4$s); '
                          'CREATE OR REPLACE TRIGGER %2$I AFTER TRUNCATE ON %3$s FOR EACH STATEMENT EXECUTE FUNCTION herald.tell_recheck()',
                          w.name, w.name || '_all', w.target, quote_literal(w.col))
    FROM wanted w WHERE w.target IS NOT NULL AND NOT EXISTS (SELECT FROM hung h WHERE h.target = w.target AND h.name = w.name)
$$;

-- herald.table_named(name): the table that `recheck` names, "schema.table". NULL: there is none.
-- Unlike to_regclass it needs no right on the schema.
CREATE OR REPLACE FUNCTION herald.table_named(name text) RETURNS regclass
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parts text[];
BEGIN
  parts := parse_ident(name);
  RETURN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = parts[cardinality(parts) - 1] AND c.relname = parts[cardinality(parts)]);
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN NULL;
END $$;
