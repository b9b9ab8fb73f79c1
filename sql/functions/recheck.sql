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
  ELSE
    PERFORM herald.recheck_once();
  END IF;
  RETURN NULL;
END $$;

-- herald.recheck_once(): asks again for everyone, once a transaction.
-- The transaction's mark says where that stands in the log. Whoever writes may set any mark, so it
-- counts only where it stands.
CREATE OR REPLACE FUNCTION herald.recheck_once() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  place tid := herald.place(current_setting('herald.rechecked', true));
BEGIN
  IF NOT EXISTS (SELECT FROM herald.changes c WHERE c.ctid = place AND c.xid = pg_current_xact_id()
                    AND c.topic = '!gate' AND c.event = 'recheck' AND c.data ->> 'sub' IS NULL) THEN
    PERFORM herald.recheck();
    SELECT c.ctid INTO place FROM herald.changes c WHERE c.xid = pg_current_xact_id() AND c.topic = '!gate' ORDER BY c.id DESC LIMIT 1;
    PERFORM set_config('herald.rechecked', place::text, true);
  END IF;
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
-- away those that no stream needs any more, and notes what tables are named.
-- Raises where they cannot be locked, as herald.patiently does. It locks all of them at once, so
-- that no lock is kept while another one is waited for. Where there is nothing to do it locks
-- nothing.
CREATE OR REPLACE FUNCTION herald.hang_rechecks() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  ddl text;
  targets oid[];
BEGIN
  PERFORM herald.keep_rechecks();
  SELECT string_agg(r.ddl, '; '), array_agg(r.target) INTO ddl, targets FROM herald.rechecks_ddl() r;
  IF ddl IS NOT NULL THEN
    PERFORM herald.take_turn();
    PERFORM herald.patiently(ddl, ARRAY(SELECT DISTINCT unnest(herald.tables_of(t)) FROM unnest(targets) t));
    PERFORM herald.let_recheck();
  END IF;
END $$;

-- herald.try_rechecks(): hangs what is missing after DDL, as herald.try_hang. Returns whether it has
-- hung any.
CREATE OR REPLACE FUNCTION herald.try_rechecks() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '20ms' SET client_min_messages = warning AS $$
DECLARE
  ddl text;
  hung boolean := false;
BEGIN
  FOR ddl IN SELECT r.ddl FROM herald.rechecks_ddl() r WHERE r.missing LOOP
    BEGIN
      LOCK TABLE herald.watches, herald.rules IN ROW EXCLUSIVE MODE; -- herald.take_turn, but not patiently
      EXECUTE ddl;
      PERFORM herald.let_recheck();
      hung := true;
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END LOOP;
  RETURN hung;
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
--   missing  it hangs a trigger. False: it takes one away
-- Row triggers are cloned to partitions, those of TRUNCATE are not. Children by INHERITS get
-- neither. So partitions have a trigger of their own, and children have both.
-- Where the owner of herald may make none on a partition or child, the next look is what finds it
-- changed (herald.look_at_rechecks).
-- A name that no table has, or has any more, stands in nobody's way. doctor tells of it
-- (herald.doubts). The triggers of a table that was renamed stay.
DROP FUNCTION IF EXISTS herald.rechecks_ddl(); -- it did not say what is missing
CREATE FUNCTION herald.rechecks_ddl() RETURNS TABLE (target oid, ddl text, missing boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE named AS (
    SELECT DISTINCT herald.table_named(e.key)::oid AS root, e.value AS col, '!gate_recheck_' || left(md5(coalesce(e.value, '')), 8) AS name
      FROM herald.streams s, jsonb_each_text(s.recheck) e
  ), tree AS (
    SELECT n.root, n.root AS target, n.col, n.name FROM named n
    UNION
    SELECT t.root, i.inhrelid, t.col, t.name FROM tree t JOIN pg_inherits i ON i.inhparent = t.target
  ), wanted AS (
    SELECT t.target, k.name, min(format('CREATE OR REPLACE TRIGGER %I AFTER %s %s FUNCTION herald.tell_recheck(%s)', k.name, k.fires, t.target::regclass || k.each, k.col)) AS ddl
      FROM tree t JOIN pg_class c ON c.oid = t.target
     CROSS JOIN LATERAL (VALUES (t.name, 'INSERT OR UPDATE OR DELETE ON', ' FOR EACH ROW EXECUTE', quote_literal(t.col), t.target = t.root OR NOT c.relispartition),
                                (t.name || '_all', 'TRUNCATE ON', ' FOR EACH STATEMENT EXECUTE', '', true)) k(name, fires, each, col, is_needed)
     WHERE k.is_needed AND (t.target = t.root OR (c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'TRIGGER')))
     GROUP BY 1, 2
  ), hung AS (
    SELECT g.tgrelid AS target, g.tgname::text AS name, NOT g.tgisinternal AND g.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE') AS may_go
      FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE g.tgfoid = 'herald.tell_recheck'::regproc
  )
  SELECT h.target, format('DROP TRIGGER IF EXISTS %I ON %s', h.name, h.target::regclass), false
    FROM hung h
   WHERE h.may_go AND NOT EXISTS (SELECT FROM wanted w WHERE w.target = h.target AND w.name = h.name)
     AND NOT EXISTS (SELECT FROM named n WHERE n.root IS NULL AND n.name = regexp_replace(h.name, '_all$', ''))
  UNION ALL
  SELECT w.target, w.ddl, true FROM wanted w WHERE NOT EXISTS (SELECT FROM hung h WHERE h.target = w.target AND h.name = w.name)
$$;

-- herald.recheck_now(name): what the table of this name is now.
--   mark      a fingerprint of all by which its rows may come, go or change and no trigger fires:
--             which table it is, its partitions and children, their files, their columns. NULL: no
--             table has the name
--   unlogged  would a crash empty any of it?
-- Locks no table.
CREATE OR REPLACE FUNCTION herald.recheck_now(name text, OUT mark text, OUT unlogged boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  WITH RECURSIVE tree AS (
    SELECT herald.table_named(name)::oid AS oid, '' AS link
    UNION ALL
    -- attached again it has another link
    SELECT i.inhrelid, i.xmin::text FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid
  )
  SELECT md5(string_agg(concat_ws('/', c.oid, t.link, c.relfilenode,
             (SELECT string_agg(concat_ws(',', a.attnum, a.xmin, d.oid), ' ' ORDER BY a.attnum)
                FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated <> ''
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND t.link = '')), ';' ORDER BY c.oid, t.link COLLATE "C")),
         coalesce(bool_or(c.relpersistence = 'u'), false)
    INTO mark, unlogged FROM tree t JOIN pg_class c ON c.oid = t.oid;
END $$;

-- herald.keep_rechecks(): notes the tables that streams name in `recheck`, those that are not noted
-- yet. It tells nothing.
-- Writes herald.rechecks.
CREATE OR REPLACE FUNCTION herald.keep_rechecks() RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO herald.rechecks (name, mark)
  SELECT n.name, (herald.recheck_now(n.name)).mark
    FROM (SELECT DISTINCT k AS name FROM herald.streams s, jsonb_object_keys(s.recheck) k) n WHERE NOT EXISTS (SELECT FROM herald.rechecks r WHERE r.name = n.name)
   ORDER BY n.name COLLATE "C"
  ON CONFLICT DO NOTHING
$$;

-- herald.look_at_rechecks(crashed): asks again for everyone where a table in `recheck` is not what it
-- was. Returns whether it does.
--   crashed  UNLOGGED tables have been emptied
-- DDL may take members away that no trigger sees: TRUNCATE of a partition that has just come, DROP or
-- DETACH of one, a table that takes the name. It also asks where DDL took nobody away, such as VACUUM
-- FULL. Triggers that are missing are hung. What was changed before that asks everyone too.
-- The maker of ticks calls it (herald.look_at_extents). Writes herald.rechecks, herald.changes.
CREATE OR REPLACE FUNCTION herald.look_at_rechecks(crashed boolean) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed record;
  told boolean := false;
  hung boolean := false;
BEGIN
  PERFORM herald.keep_rechecks();
  FOR changed IN SELECT r.name, n.mark FROM herald.rechecks r CROSS JOIN LATERAL (SELECT o.* FROM herald.recheck_now(r.name) o OFFSET 0) n
                  WHERE r.mark IS DISTINCT FROM n.mark OR (crashed AND n.unlogged) FOR UPDATE OF r SKIP LOCKED LOOP
    UPDATE herald.rechecks r SET mark = changed.mark WHERE r.name = changed.name;
    told := true;
  END LOOP;
  DELETE FROM herald.rechecks r WHERE NOT EXISTS (SELECT FROM herald.streams s WHERE s.recheck ? r.name);
  IF EXISTS (SELECT FROM herald.rechecks) THEN
    hung := herald.try_rechecks();
  END IF;
  IF told OR hung THEN
    PERFORM herald.recheck();
  END IF;
  RETURN told OR hung;
END $$;

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
