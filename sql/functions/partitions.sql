-- herald.partition_function(w): makes the function of the trigger on each partition that tells its
-- TRUNCATE.
-- The server clones row triggers to partitions, also to later ones. It does not clone statement
-- triggers.
-- The parent gets this trigger too, after the one of its own event. Triggers fire in the order of
-- their names.
-- The function is generated, so that unwatch needs no right on the partitions.
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

-- herald.let_partition(w): lets everybody execute the functions that PostgreSQL clones to
-- partitions.
-- A role that makes a partition needs that right. It is the owner of the table, and no event says
-- when the owner changes.
-- The right is good for nothing else. To hang such a function on another table takes USAGE on the
-- schema herald, and the function tells of no other table than its own.
CREATE OR REPLACE FUNCTION herald.let_partition(w herald.watches) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cloned regprocedure;
BEGIN
  FOR cloned IN SELECT t.tgfoid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid AND c.relkind = 'p'
                  JOIN pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = 'herald'::regnamespace
                 WHERE t.tgrelid = w.target AND t.tgname ~ '^[!~]herald_(insert|update|delete|moved)$'
                   AND NOT has_function_privilege('public', t.tgfoid, 'EXECUTE') LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', cloned);
  END LOOP;
END $$;

-- herald.truncated(watch, relation): a partition of a watched table, or the table itself, has been
-- truncated.
-- The rows of a partition are gone and others are not. No event can say which, so it is `bulk`, at
-- which clients fetch again.
--   watch     id of the watched table
--   relation  what was truncated
-- Nothing is told of a partition that went along with the table, because the table's own event has
-- told it. Then this transaction has written nothing since. Whoever writes may set any mark, so it
-- counts only for an event that everyone on the topic gets. Nothing is told of a partition that was
-- detached.
-- Trigger functions call it. Writes herald.changes. Rings.
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
  ELSIF NOT EXISTS (SELECT FROM herald.changes c WHERE c.xid = pg_current_xact_id() AND c.id::text = written AND written = current_setting(mark, true)
                       AND c.topic = w.topic AND c.audience = '{*}')
    AND EXISTS (SELECT FROM pg_partition_ancestors(relation) a WHERE a.relid = w.target)
    AND (EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target AND r.operation IN ('truncate', 'any'))
         OR NOT EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target)) THEN
    PERFORM herald.bulk(w.id, w.topic, CASE current_setting('herald.mute', true) WHEN 'on' THEN 'muted' ELSE 'truncate' END);
  END IF;
END $$;
