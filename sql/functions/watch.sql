-- herald.watch(target, topic, audience, columns, exclude, numbers): from now on changes of this
-- table are events.
--   target    an ordinary or partitioned table
--   topic     what streams ask for
--   audience  routing columns. Streams match them against claims and parameters. '{}': none. Their
--             names have no equals sign
--   columns   only these are in default events. '{*}': all, unless the table has a column of that
--             name. '{}': none, only the key is told
--   exclude   no default event has these. They reach herald.changes only as routing keys, where
--             audience names them too, and where the data of a rule names them. '{}': none. Where
--             one is part of the primary key no key is told, and a warning says so
--   numbers   'text': default events and keys tell int8 and numeric columns as strings.
--             'number': as numbers. Where the key has such a column a notice says what that means
-- NULL leaves what the watch says already. A new watch has the table's name as topic, no audience
-- and all columns, excludes none, and tells numbers as numbers.
-- So calling it again changes what is named and nothing else. It keeps the rules, and takes in
-- partitions that were made since.
-- Notices say what the watch makes doubtful (herald.doubts), and that policies do not bind events.
-- Raises a sentence for what cannot be watched. Writes herald.watches, trigger functions and
-- triggers.
-- The owner of the schema herald needs the TRIGGER right on the table, and on each partition.
CREATE OR REPLACE FUNCTION herald.watch(
  target regclass, topic text DEFAULT NULL, audience text[] DEFAULT NULL, columns text[] DEFAULT NULL, exclude text[] DEFAULT NULL,
  numbers text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  table_name text;
  former text;
  all_columns boolean := columns = '{*}' AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = target AND a.attname = '*' AND NOT a.attisdropped);
  w herald.watches;
BEGIN
  PERFORM herald.check_target(target), herald.check_numbers(numbers);
  PERFORM herald.check_columns(target, audience || CASE WHEN NOT all_columns THEN columns END || exclude);
  PERFORM herald.hold(target);
  PERFORM herald.succeed(target);
  SELECT relname INTO table_name FROM pg_class WHERE oid = target;
  SELECT h.topic INTO former FROM herald.watches h WHERE h.target = target;

  INSERT INTO herald.watches AS old (target, topic, audience, columns, exclude, hidden, numbers)
  VALUES (target, coalesce(topic, table_name), coalesce(audience, '{}'), CASE WHEN NOT all_columns THEN columns END, coalesce(exclude, '{}'), '{}', coalesce(numbers, 'number'))
  ON CONFLICT ON CONSTRAINT watches_target_key DO UPDATE
    SET topic = coalesce(topic, old.topic), audience = coalesce(audience, old.audience), exclude = coalesce(exclude, old.exclude), numbers = coalesce(numbers, old.numbers),
        columns = CASE WHEN columns IS NULL THEN old.columns ELSE excluded.columns END
  RETURNING old.* INTO w;
  PERFORM herald.check_name('topic', w.topic), herald.check_keys(w.audience);
  PERFORM herald.check_kept(w);
  UPDATE herald.watches h SET hidden = herald.numbers_of(target, h.exclude)
   WHERE h.id = w.id RETURNING h.* INTO w;
  PERFORM herald.warn_of_key(w), herald.keep_extent(w);
  IF numbers IS NULL THEN
    PERFORM herald.note_numbers(w);
  END IF;
  PERFORM herald.note_policies(w), herald.note_streams(w, former);
  PERFORM herald.reshape(t) FROM (SELECT w.topic UNION SELECT former WHERE former IS NOT NULL) n(t);
  PERFORM herald.capture(w); -- last, because it locks the table
END $$;
COMMENT ON FUNCTION herald.watch(regclass, text, text[], text[], text[], text) IS
  'Public: makes the changes of a table events. target: an ordinary or partitioned table. topic: '
  'the name that streams ask for, by default that of the table. audience: routing columns. '
  'columns: the only ones that default events show, {*} for all. exclude: those that they never '
  'show. numbers: ''text'' tells int8 and numeric columns as strings. A parameter that is NULL '
  'leaves what an earlier call has said. Raises for what cannot be watched, and '
  'lock_not_available where the table cannot be locked within lock_timeout (30 s if that is 0).';

-- The function of versions that did not know numbers goes. Who might call it may call this one.
DO $$
DECLARE
  former oid := to_regprocedure('herald.watch(regclass, text, text[], text[], text[])');
  given text;
BEGIN
  FOR given IN SELECT format('GRANT EXECUTE ON FUNCTION herald.watch(regclass, text, text[], text[], text[], text) TO %s', a.grantee::regrole)
                 FROM pg_proc p, aclexplode(p.proacl) a WHERE p.oid = former AND a.grantee NOT IN (0, p.proowner) LOOP
    EXECUTE given;
  END LOOP;
  IF former IS NOT NULL THEN
    DROP FUNCTION herald.watch(regclass, text, text[], text[], text[]);
  END IF;
END $$;

-- herald.check_kept(w): raises where a watch still names a column that does not exist any more.
-- An excluded column may have been renamed. Only the role that watches knows, so it is not left out
-- in silence.
CREATE OR REPLACE FUNCTION herald.check_kept(w herald.watches) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  part text;
  missing text;
BEGIN
  SELECT k.part, n INTO part, missing
    FROM (VALUES ('audience', w.audience), ('columns', w.columns), ('exclude', w.exclude)) k(part, names), unnest(k.names) n
   WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = w.target AND a.attname = n AND a.attnum > 0 AND NOT a.attisdropped)
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'pgherald: % of the watch names ''%'', and table ''%'' has no such column any more', part, missing, w.target
      USING ERRCODE = 'undefined_column', HINT = format('Say %s anew; has the column got another name?', part);
  END IF;
END $$;

-- herald.warn_of_key(w): warns where an excluded column is part of the key, so that events of the
-- table tell no key.
CREATE OR REPLACE FUNCTION herald.warn_of_key(w herald.watches) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF herald.key_columns(w) = '{}' AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = w.target AND i.indisprimary) THEN
    RAISE WARNING 'pgherald: the primary key of ''%'' is not told, for % is excluded', w.target, array_to_string(w.exclude, ', ')
      USING HINT = 'Subscribers cannot tell its rows from each other. To leave the column out of rows and keep the key, name those to be told: columns => ''{...}''';
  END IF;
END $$;

-- herald.check_target(target): raises, with the reason, unless the changes of the relation can be
-- captured.
CREATE OR REPLACE FUNCTION herald.check_target(target regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reason text;
BEGIN
  SELECT CASE
      WHEN c.relkind = 'v' THEN 'is a view: watch the tables it reads'
      WHEN c.relkind = 'm' THEN 'is a materialized view: watch the tables it reads'
      WHEN c.relkind = 'f' THEN 'is a foreign table: its changes happen on another server'
      WHEN c.relkind NOT IN ('r', 'p') THEN 'is not a table'
      WHEN c.relpersistence = 't' THEN 'is temporary: nobody else can see it'
      WHEN n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast') THEN 'is a system table'
      WHEN n.nspname = 'herald' THEN 'belongs to pgherald itself'
      WHEN c.relispartition AND EXISTS (SELECT FROM pg_partition_ancestors(c.oid) a JOIN herald.watches w ON w.target = a.relid
                                         WHERE a.relid <> c.oid) THEN 'is a partition of a watched table: its changes are events already'
      WHEN c.relkind = 'p' AND EXISTS (SELECT FROM pg_partition_tree(c.oid) p JOIN herald.watches w ON w.target = p.relid
                                        WHERE p.relid <> c.oid) THEN 'has a partition that is watched itself: unwatch that first'
      WHEN c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
        THEN 'has children by INHERITS, whose changes its triggers do not see: watch each of them'
    END INTO reason
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'pgherald: no table given, or it does not exist' USING ERRCODE = 'undefined_table';
  ELSIF reason IS NOT NULL THEN
    RAISE EXCEPTION 'pgherald: cannot watch ''%'': it %', target, reason USING ERRCODE = 'wrong_object_type';
  END IF;
END $$;

-- herald.check_columns(target, names): raises for the first name that is not a column of the table.
CREATE OR REPLACE FUNCTION herald.check_columns(target regclass, names text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  missing text;
BEGIN
  SELECT n INTO missing FROM unnest(names) n
   WHERE NOT EXISTS (SELECT FROM pg_attribute a
                      WHERE a.attrelid = target AND a.attname = n AND a.attnum > 0 AND NOT a.attisdropped)
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'pgherald: table ''%'' has no column ''%''', target, missing USING ERRCODE = 'undefined_column';
  END IF;
END $$;

-- herald.unwatch(target): ends the watch of a table. Rules and triggers go. What is in the log
-- stays.
-- It does nothing for a table that is not watched. It works for a table that has been dropped
-- meanwhile.
CREATE OR REPLACE FUNCTION herald.unwatch(target regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
#variable_conflict use_variable
DECLARE
  w herald.watches;
BEGIN
  SELECT h.* INTO w FROM herald.watches h WHERE h.target = target;
  IF FOUND THEN
    PERFORM herald.take_triggers(w);
    -- after that: a writer that is open with a fault refers to it
    DELETE FROM herald.watches h WHERE h.id = w.id;
    PERFORM herald.reshape(w.topic);
  END IF;
END $$;
COMMENT ON FUNCTION herald.unwatch(regclass) IS
  'Public: ends the watch of the table target. Its rules and triggers go, what is in the log '
  'stays. Does nothing for a table that is not watched. Raises lock_not_available where the '
  'table cannot be locked within lock_timeout (30 s if that is 0).';
