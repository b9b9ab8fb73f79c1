-- Whose change is it?
-- A trigger function can be called by a trigger that pgherald has not hung. Such a trigger comes
-- with a dump, with a cloned schema, or with a statement that somebody has copied.
-- Changes of such a table are not told.

-- herald.own_lines(w): statements that let a trigger function do nothing for another table.
-- They compare what the server says of the table with what it was when this text was made. Only
-- where that differs herald.is_own looks.
-- An oid alone would not do. After a dump is restored another table may have it.
CREATE OR REPLACE FUNCTION herald.own_lines(w herald.watches) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT format(E'  IF (%s) IS NOT TRUE THEN\n    IF NOT herald.is_own(%s, %s, TG_RELID) THEN RETURN NULL; END IF;\n  END IF;',
                        CASE c.relkind WHEN 'p' THEN herald.partitions_source(w)
                        ELSE format('TG_RELID OPERATOR(pg_catalog.=) %s AND TG_TABLE_NAME OPERATOR(pg_catalog.=) %L AND TG_TABLE_SCHEMA OPERATOR(pg_catalog.=) %L',
                                    c.oid, c.relname, n.nspname) END, w.id, c.oid)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = w.target);
END $$;

-- herald.partitions_source(w): SQL text that is true for the partitions that are known.
-- Up to 100 of them are listed. A session keeps the text once for each partition that it writes to.
-- With more the server is asked for the root, which takes 3 us.
CREATE OR REPLACE FUNCTION herald.partitions_source(w herald.watches) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT CASE WHEN count(*) <= 100
            THEN format('TG_RELID OPERATOR(pg_catalog.=) ANY (%L::pg_catalog.oid[]) AND TG_TABLE_SCHEMA OPERATOR(pg_catalog.=) ANY (%L::pg_catalog.name[])',
                        array_agg(c.oid ORDER BY c.oid), array_agg(DISTINCT n.nspname))
            ELSE format('pg_catalog.pg_partition_root(TG_RELID)::pg_catalog.oid OPERATOR(pg_catalog.=) %s', w.target::oid) END
            FROM unnest(herald.tables_of(w.target)) t JOIN pg_class c ON c.oid = t JOIN pg_namespace n ON n.oid = c.relnamespace);
END $$;

-- herald.tables_of(target): the table and its partitions.
-- pg_partition_tree would lock them, and so wait for whoever alters one.
CREATE OR REPLACE FUNCTION herald.tables_of(target oid) RETURNS oid[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE tree AS (
    SELECT c.oid, c.relkind FROM pg_class c WHERE c.oid = target
    UNION ALL
    SELECT i.inhrelid, c.relkind FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid JOIN pg_class c ON c.oid = i.inhrelid WHERE t.relkind = 'p'
  )
  SELECT coalesce(array_agg(t.oid), '{}') FROM tree t
$$;

-- herald.is_own(watch, target, relation): is this relation the watched table, or one of its
-- partitions?
--   target  the table as the trigger function knows it. It counts for a writer whose snapshot is
--           older than the watch. In another database the oid may be any table's, but there the
--           watch is older than all snapshots.
CREATE OR REPLACE FUNCTION herald.is_own(watch int, target oid, relation oid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
  RETURN EXISTS (SELECT FROM (SELECT relation AS oid UNION ALL SELECT a.relid FROM pg_partition_ancestors(relation) a) r
                  WHERE r.oid = coalesce((SELECT w.target::oid FROM herald.watches w WHERE w.id = watch), target));
END $$;
