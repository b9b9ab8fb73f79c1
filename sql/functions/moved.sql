-- To PostgreSQL an UPDATE that moves a row to another partition is DELETE and INSERT. No AFTER
-- UPDATE trigger sees it, so no rule for update would.
-- Its BEFORE UPDATE triggers do fire. So where a partitioned table has such rules, one of those
-- tells the rows that are about to move.
-- It fires only where the UPDATE names a column of a partition key. Other writes cost nothing.
-- Logical replication moves a row by DELETE and INSERT itself, and fires no trigger for UPDATE. At
-- a subscriber whose triggers are ENABLE ALWAYS rules for delete, insert and any tell these two.

-- herald.relocation_source(w): the body of its trigger function for rows that leave their
-- partition.
-- It does what herald.capture_source has for update. NULL: the table has no use for it.
-- Not with rules for `any`, because the DELETE and the INSERT tell the move. Not with stored
-- generated columns, because they have no value yet. Then doctor says so.
CREATE OR REPLACE FUNCTION herald.relocation_source(w herald.watches) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT concat_ws(E'\n',
    '#variable_conflict use_column',
    'BEGIN',
    '  IF NOT ' || herald.moved_source(herald.partition_columns(w.target)) || ' THEN RETURN NEW; END IF;',
    '  IF herald.stays(TG_RELID, NEW) THEN RETURN NEW; END IF;',
    herald.led_lines(w),
    herald.returning_new(replace(herald.capture_source(w, 'update'), '#variable_conflict use_column', ''), herald.event_lines(w, 'update')) || ';',
    'END')
   WHERE herald.relocates(w)
$$;

-- herald.led_lines(w): statements that tell `bulk` of the row where other triggers have a say in what
-- becomes of it.
-- A BEFORE DELETE trigger of the former partition may stop the move. A BEFORE INSERT trigger of the
-- new one may stop or change it. Both fire after this, so an event would tell what may not happen.
CREATE OR REPLACE FUNCTION herald.led_lines(w herald.watches) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT concat_ws(E'\n', format('  IF herald.is_led(%L, ARRAY[%s]) THEN', w.target::oid, string_agg(format('''%s''::pg_catalog.regclass', t), ', ' ORDER BY t)),
    replace(herald.own_lines(w), 'RETURN NULL;', 'RETURN NEW;'),
    format('    IF pg_catalog.current_setting(''herald.mute'', true) = ''on'' THEN PERFORM herald.bulk(%1$s, %2$L, ''muted'');'
           ' ELSE PERFORM herald.fault(%1$s, %2$L, ''triggers BEFORE DELETE or INSERT may lead a row that moves to another partition''); END IF;', w.id, w.topic),
    '    RETURN NEW;', '  END IF;')
    FROM unnest(herald.tables_of(w.target)) t WHERE t = w.target OR cardinality(herald.tables_of(w.target)) <= 100
$$;

-- herald.is_led(target, known): has the table or a partition triggers BEFORE DELETE or INSERT that
-- fire for each row?
--   known  the tables whose DDL makes sessions ask again (herald.hides)
CREATE OR REPLACE FUNCTION herald.is_led(target oid, known regclass[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM unnest(herald.tables_of(target)) o JOIN pg_trigger t ON t.tgrelid = o
                  -- 1: for each row, 2: before, 4: insert, 8: delete
                  WHERE t.tgtype & 3 = 3 AND t.tgtype & 12 <> 0 AND t.tgenabled IN ('O', 'A'));
END $$;

-- herald.relocates(w): has the table a use for that?
CREATE OR REPLACE FUNCTION herald.relocates(w herald.watches) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM pg_class c WHERE c.oid = w.target AND c.relkind = 'p')
     AND EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target AND r.operation = 'update')
     AND NOT EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target AND r.operation = 'any')
     AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = w.target AND a.attgenerated = 's' AND NOT a.attisdropped)
$$;

-- herald.returning_new(source, kept): the body of a trigger that lets the row pass, whatever it
-- does.
-- The text of the rules in it stays as it is.
CREATE OR REPLACE FUNCTION herald.returning_new(source text, kept text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT replace(left(source, p - 1), 'RETURN NULL;', 'RETURN NEW;') || kept || replace(substr(source, p + length(kept)), 'RETURN NULL;', 'RETURN NEW;')
    FROM nullif(strpos(source, kept), 0) p
$$;

-- herald.partition_columns(target): the columns of its partition keys on all levels, also those in
-- expressions.
CREATE OR REPLACE FUNCTION herald.partition_columns(target oid) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_agg(DISTINCT a.attname::text)
    FROM unnest(herald.tables_of(target)) t
    JOIN pg_partitioned_table p ON p.partrelid = t
    JOIN pg_attribute a ON a.attrelid = t AND (a.attnum = ANY (p.partattrs::int2[]) OR (p.partexprs IS NOT NULL AND EXISTS (
           SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = t AND d.refobjid = t AND d.refobjsubid = a.attnum AND d.deptype = 'i')))
$$;

-- herald.stays(part, new): does the partition take the new row? True where that cannot be told.
CREATE OR REPLACE FUNCTION herald.stays(part oid, new anyelement) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken boolean;
BEGIN
  EXECUTE format('SELECT %s FROM (SELECT ($1).*) t', pg_get_partition_constraintdef(part)) INTO taken USING new;
  RETURN taken;
EXCEPTION WHEN OTHERS THEN
  RETURN true;
END $$;
