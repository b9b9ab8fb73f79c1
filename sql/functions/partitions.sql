-- herald.partition_function(w): the function of the trigger on each partition that tells of its TRUNCATE: row triggers the server clones
-- to partitions, also to those made later, but no statement triggers. The parent gets it too, after the one of its own event
-- (triggers fire in the order of their names). The function is generated so that unwatch needs no right on the partitions.
CREATE OR REPLACE FUNCTION herald.partition_function(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  fn text := herald.capture_name(w, 'truncated');
BEGIN
  IF EXISTS (SELECT FROM pg_class c WHERE c.oid = w.target AND c.relkind = 'p') THEN
    EXECUTE format('CREATE OR REPLACE FUNCTION %s RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp '
                   'AS ''BEGIN PERFORM herald.truncated(%s, TG_RELID); RETURN NULL; END''', fn, w.id);
    PERFORM herald.own_function(fn);
  END IF;
END $$;

-- herald.let_partition(w): who makes a partition needs EXECUTE on what is cloned to it. That is the table's owner of the day, and nobody
-- tells when it is another one: so everybody has it. It is good for nothing else: to hang such a function on another table takes
-- USAGE on the schema herald, and it tells of no other table than its own.
CREATE OR REPLACE FUNCTION herald.let_partition(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cloned regprocedure;
BEGIN
  FOR cloned IN SELECT t.tgfoid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid AND c.relkind = 'p'
                  JOIN pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = 'herald'::regnamespace
                 WHERE t.tgrelid = w.target AND t.tgname ~ '^[!~]herald_(insert|update|delete|moved)$' LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', cloned);
  END LOOP;
END $$;

-- herald.truncated(watch, relation): a partition of a watched table, or the table itself, has been truncated. Rows of a
-- partition are gone and others are not: no event can say which, so it is `bulk`, at which clients fetch anew.
--   watch     id of the watched table
--   relation  what was truncated: nothing is to be told of a partition that went along with the table, whose own event
--             has told it: then this transaction has written nothing since. Nor of one that was detached
-- Called by trigger functions. Writes herald.changes; rings.
CREATE OR REPLACE FUNCTION herald.truncated(watch int, relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w herald.watches;
  mark text := 'herald.truncated_' || watch;
  written text := (SELECT coalesce(max(c.id), 0) FROM herald.changes c WHERE c.xid = pg_current_xact_id());
BEGIN
  SELECT * INTO w FROM herald.watches h WHERE h.id = watch;
  IF relation = w.target THEN
    PERFORM set_config(mark, written, true);
  ELSIF written IS DISTINCT FROM current_setting(mark, true)
    AND EXISTS (SELECT FROM pg_partition_ancestors(relation) a WHERE a.relid = w.target)
    AND (EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target AND r.operation IN ('truncate', 'any'))
         OR NOT EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target)) THEN
    PERFORM herald.bulk(w.id, w.topic, CASE current_setting('herald.mute', true) WHEN 'on' THEN 'muted' ELSE 'truncate' END);
  END IF;
END $$;
