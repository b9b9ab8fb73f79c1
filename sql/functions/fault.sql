-- herald.mute(): the changes of this transaction are not told one by one.
-- Each watched table that is changed yields one `bulk` event, at which clients fetch again.
-- It is for bulk loads, and ends with the transaction.
CREATE OR REPLACE FUNCTION herald.mute() RETURNS void
LANGUAGE sql VOLATILE AS $$ SELECT pg_catalog.set_config('herald.mute', 'on', true) $$;
COMMENT ON FUNCTION herald.mute() IS
  'Public: in this transaction each watched table that is changed yields one bulk event in place '
  'of an event a row. For bulk loads. Ends with the transaction.';

-- herald.bulk(watch, topic, reason): a `bulk` event for everyone on the topic, {"topic", "reason"}.
-- It comes at the end of the transaction, after all that it makes stale. There is one for a
-- transaction and table, with the first reason.
--   watch   id of the watched table
--   reason  muted or truncate
-- With session_replication_role = replica no trigger of herald's fires at that end, because it must
-- not fire for rows that are replicated. The ticker tells what then stays in herald.bulks
-- (herald.tell_untold).
-- Trigger functions call it. Writes herald.bulks, and at the end herald.changes. Rings.
CREATE OR REPLACE FUNCTION herald.bulk(watch int, topic text, reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  mark text := 'herald.bulk_' || watch;
  place tid := herald.place(current_setting(mark, true));
BEGIN
  IF NOT EXISTS (SELECT FROM herald.bulks b WHERE b.ctid = place AND b.topic = topic AND b.xid = pg_current_xact_id())
     -- told at once
     AND NOT EXISTS (SELECT FROM herald.changes c WHERE c.ctid = place AND c.topic = topic AND c.event = 'bulk' AND c.xid = pg_current_xact_id()) THEN
    PERFORM set_config(mark, herald.note_bulk(topic, reason)::text, true);
  END IF;
END $$;

-- herald.mute_lines(w): statements of a trigger function that end it where the transaction has
-- muted the change.
-- Each muted row asks whether the bulk event waits already. The transaction's mark says where its
-- row of herald.bulks is. Whoever writes may set any mark, so it counts only where that row is.
CREATE OR REPLACE FUNCTION herald.mute_lines(w herald.watches) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format(E'    IF NOT EXISTS (SELECT FROM herald.bulks b WHERE b.ctid OPERATOR(pg_catalog.=) herald.place(pg_catalog.current_setting(%1$L, true))'
                || E' AND b.topic OPERATOR(pg_catalog.=) %2$L AND b.xid OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()) THEN\n'
                || E'      PERFORM herald.bulk(%3$s, %2$L, ''muted'');\n    END IF;\n    RETURN NULL;', 'herald.bulk_' || w.id, w.topic, w.id)
$$;

-- herald.note_bulk(topic, reason): does so. Returns where the row of herald.bulks is.
-- After SET CONSTRAINTS ALL IMMEDIATE the event is told already. Then it returns where that is.
CREATE OR REPLACE FUNCTION herald.note_bulk(topic text, reason text) RETURNS tid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  place tid;
BEGIN
  INSERT INTO herald.bulks AS b (topic, reason) VALUES (topic, reason) RETURNING b.ctid INTO place;
  IF current_setting('session_replication_role') = 'replica' THEN
    PERFORM herald.ring();
  ELSIF NOT EXISTS (SELECT FROM herald.bulks b WHERE b.ctid = place) THEN
    SELECT c.ctid INTO place FROM herald.changes c WHERE c.xid = pg_current_xact_id() AND c.topic = topic AND c.event = 'bulk' ORDER BY c.id DESC LIMIT 1;
  END IF;
  RETURN place;
END $$;

-- herald.place(mark): the place of a row that this text says. NULL: it says none.
CREATE OR REPLACE FUNCTION herald.place(mark text) RETURNS tid
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN mark OPERATOR(pg_catalog.~) '^[(][0-9]{1,9},[0-9]{1,4}[)]$' THEN mark::pg_catalog.tid END
$$;

-- herald.tell_bulk(): trigger function of herald.bulks. At the end of the transaction it writes the
-- event that waited there.
-- A transaction that is read-only by then cannot. The ticker tells what stays (herald.tell_untold).
CREATE OR REPLACE FUNCTION herald.tell_bulk() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('transaction_read_only')::boolean THEN
    PERFORM herald.ring();
    RETURN NULL;
  END IF;
  DELETE FROM herald.bulks b WHERE b.xid = NEW.xid AND b.topic = NEW.topic;
  IF FOUND THEN
    INSERT INTO herald.changes (topic, event, audience, data)
    VALUES (NEW.topic, 'bulk', '{*}', jsonb_build_object('topic', NEW.topic, 'reason', NEW.reason));
  END IF;
  RETURN NULL;
END $$;

-- herald.fault(watch, topic, reason): a change of this table could not be told.
-- Once a transaction, it keeps the reason for herald.status, and notes the topic. The ticker then
-- tells `bulk` of the topic (herald.tell_untold).
-- Rings. Trigger functions call it when they handle what failed.
CREATE OR REPLACE FUNCTION herald.fault(watch int, topic text, reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  place tid;
BEGIN
  IF NOT herald.has_failed(watch, topic) THEN
    PERFORM herald.keep_fault(watch, reason);
    INSERT INTO herald.untold AS u (topic) VALUES (topic) RETURNING u.ctid INTO place;
    PERFORM set_config('herald.fault_' || watch, place::text, true), herald.ring();
  END IF;
END $$;

-- herald.has_failed(watch, topic): has this transaction noted a fault of the table already?
-- It has where the row of herald.untold is that its mark names, as in herald.bulk. A rollback to a
-- savepoint takes both along.
-- It has no search_path of its own, because each change that fails asks.
--   topic  NULL in trigger functions of older versions
DROP FUNCTION IF EXISTS herald.has_failed(int); -- it had no topic
CREATE OR REPLACE FUNCTION herald.has_failed(watch int, topic text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_variable
DECLARE
  place pg_catalog.tid := herald.place(pg_catalog.current_setting(pg_catalog.concat('herald.fault_', watch), true));
BEGIN
  IF topic IS NULL THEN
    SELECT w.topic INTO topic FROM herald.watches w WHERE w.id OPERATOR(pg_catalog.=) watch;
  END IF;
  RETURN EXISTS (SELECT FROM herald.untold u WHERE u.ctid OPERATOR(pg_catalog.=) place AND u.topic OPERATOR(pg_catalog.=) topic
                    AND u.xid OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id_if_assigned());
END $$;

-- herald.keep_fault(watch, reason): keeps why the capture of a watched table failed, for
-- herald.status.
-- No writer waits here for another one. A writer that does not get the lock at once leaves it to
-- the one that has it.
-- No writer fails here. It keeps nothing where its snapshot is older than the last fault
-- (REPEATABLE READ), or where the table is unwatched meanwhile.
-- The same reason is not written again for 10 s, because each version of the row is one that the
-- next writer has to pass.
-- Writes herald.faults.
CREATE OR REPLACE FUNCTION herald.keep_fault(watch int, reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
  IF NOT EXISTS (SELECT FROM herald.faults f WHERE f.watch = watch AND f.reason = reason AND f.at > clock_timestamp() - interval '10 s')
     AND pg_try_advisory_xact_lock(1751478881, 16 + watch) THEN
    INSERT INTO herald.faults (watch, at, reason) VALUES (watch, clock_timestamp(), reason)
    ON CONFLICT ON CONSTRAINT faults_pkey DO UPDATE SET at = excluded.at, reason = excluded.reason;
  END IF;
EXCEPTION WHEN OTHERS THEN
  NULL;
END $$;

-- herald.is_raised(message, context): did SQL raise this query_canceled, as an error of a rule?
-- Else the writer's statement is to end: by its statement_timeout, or because somebody cancels it.
-- A server that speaks English says so in words that are known. Else PL/pgSQL names the place of a
-- RAISE.
-- dblink and postgres_fdw say what another server has cancelled.
-- One case is taken for a cancellation: the server does not speak English, and a function in a
-- language other than PL/pgSQL raises 57014.
CREATE OR REPLACE FUNCTION herald.is_raised(message text, context text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (message !~ '^canceling ' AND (current_setting('lc_messages') ~* '^(c|posix|en)' OR place ~ E'\\mRAISE$')) OR place ~ '^remote SQL command: ' OR place ~ '^while .* dblink connection'
    FROM split_part(context, E'\n', 1) place
$$;

-- herald.tell_untold(): one `bulk` for each topic whose changes could not be told.
-- It also tells bulks that did not come at the end of their transaction (herald.bulk).
-- The event is a change of the caller's transaction, so it comes after all that it makes stale.
-- It is told every 5 seconds at most. What comes in between waits.
-- herald.tick() calls it under its lock. Writes herald.changes, herald.untold, herald.bulks. Rings.
CREATE OR REPLACE FUNCTION herald.tell_untold() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  now float8 := extract(epoch FROM clock_timestamp());
BEGIN
  -- More than 5 seconds ahead: the clock was set back meanwhile.
  IF nullif(current_setting('herald.untold_due', true), '')::float8 - now BETWEEN 0 AND 5 THEN
    RETURN;
  END IF;
  WITH untold AS (DELETE FROM herald.untold u RETURNING u.topic, 'fault' AS reason),
       bulks AS (DELETE FROM herald.bulks b RETURNING b.topic, b.reason)
  INSERT INTO herald.changes (topic, event, audience, data)
  SELECT t.topic, 'bulk', '{*}'::text[], jsonb_build_object('topic', t.topic, 'reason', min(t.reason))
    FROM (SELECT * FROM untold UNION ALL SELECT * FROM bulks) t GROUP BY t.topic;
  -- Where there is nothing to tell, not every tick looks at the table either. While somebody keeps
  -- an old snapshot, vacuum cannot clear it up.
  PERFORM set_config('herald.untold_due', (now + CASE WHEN FOUND THEN 5 ELSE 0.1 END)::text, false);
END $$;
