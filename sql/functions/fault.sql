-- herald.mute(): the changes of this transaction are no events one by one; each watched table that is changed yields a single
-- `bulk` event, at which clients fetch anew. For bulk loads. Ends with the transaction.
CREATE OR REPLACE FUNCTION herald.mute() RETURNS void
LANGUAGE sql VOLATILE AS $$ SELECT pg_catalog.set_config('herald.mute', 'on', true) $$;
COMMENT ON FUNCTION herald.mute() IS
  'Public: in this transaction each watched table that is changed yields one bulk event in place '
  'of an event a row. For bulk loads. Ends with the transaction.';

-- herald.bulk(watch, topic, reason): a `bulk` event for everyone on the topic, {"topic", "reason"}, at the end of the
-- transaction: behind all that it makes stale. One a transaction and table, with the first reason.
--   watch   id of the watched table
--   reason  muted or truncate
-- With session_replication_role = replica nothing fires at that end, for a trigger of herald's own must not fire for rows that are
-- replicated: what then stays in herald.bulks the ticker tells (herald.tell_untold).
-- Called by trigger functions. Writes herald.bulks, and at the end herald.changes; rings.
CREATE OR REPLACE FUNCTION herald.bulk(watch int, topic text, reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mark text := 'herald.bulk_' || watch;
BEGIN
  IF current_setting(mark, true) = pg_current_xact_id()::text THEN
    RETURN;
  END IF;
  INSERT INTO herald.bulks (topic, reason) VALUES (topic, reason);
  IF current_setting('session_replication_role') = 'replica' THEN
    PERFORM herald.ring();
  END IF;
  PERFORM set_config(mark, pg_current_xact_id()::text, true);
END $$;

-- herald.tell_bulk(): trigger function of herald.bulks, at the end of the transaction: the event that waited there.
CREATE OR REPLACE FUNCTION herald.tell_bulk() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM herald.bulks b WHERE b.xid = NEW.xid AND b.topic = NEW.topic;
  IF FOUND THEN
    INSERT INTO herald.changes (topic, event, audience, data)
    VALUES (NEW.topic, 'bulk', '{*}', jsonb_build_object('topic', NEW.topic, 'reason', NEW.reason));
  END IF;
  RETURN NULL;
END $$;

-- herald.fault(watch, topic, reason): a change of this table could not be told. Once a transaction: the reason is kept for
-- herald.status, and the topic is noted, so that the ticker tells `bulk` of it (herald.tell_untold). Rings. Called by trigger
-- functions in the handler of what failed.
CREATE OR REPLACE FUNCTION herald.fault(watch int, topic text, reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT herald.has_failed(watch) THEN
    PERFORM herald.keep_fault(watch, reason);
    INSERT INTO herald.untold (topic) VALUES (topic);
    PERFORM set_config('herald.fault_' || watch, pg_current_xact_id()::text, true), herald.ring();
  END IF;
END $$;

-- herald.has_failed(watch): has this transaction a fault of the table already? A savepoint that is rolled back takes that along.
CREATE OR REPLACE FUNCTION herald.has_failed(watch int) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN coalesce(current_setting('herald.fault_' || watch, true) = pg_current_xact_id_if_assigned()::text, false);
END $$;

-- herald.keep_fault(watch, reason): keeps why a watched table's capture failed, for herald.status. No writer waits here for
-- another one: who does not get the lock at once leaves it to who has it. And none fails: who has an older snapshot than
-- the last fault (REPEATABLE READ), or whose table is unwatched meanwhile, keeps nothing. The same reason is not written
-- again for some seconds, for each writing makes a version that the next one has to pass. Writes herald.faults.
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

-- herald.is_raised(message, context): was this query_canceled raised by SQL, as an error of a rule's own? Else it is the writer's
-- statement that is to end: its statement_timeout, or somebody who cancels it. A server says so in its own words, which are known
-- where it speaks English; else PL/pgSQL names the place of a RAISE. What another server has cancelled dblink and postgres_fdw say.
-- Where the server does not speak English, an error 57014 that a function in another language than PL/pgSQL makes ends the writer's statement.
CREATE OR REPLACE FUNCTION herald.is_raised(message text, context text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (message !~ '^canceling ' AND (current_setting('lc_messages') ~* '^(c|posix|en)' OR place ~ E'\\mRAISE$')) OR place ~ '^remote SQL command: ' OR place ~ '^while .* dblink connection'
    FROM split_part(context, E'\n', 1) place
$$;

-- herald.tell_untold(): one `bulk` of each topic that has changes which could not be told, or were not at the end of their transaction
-- (herald.bulk), as a change of the caller's transaction, so behind all that it makes stale. Not more often than every 5 seconds: what
-- comes in between waits. Called by herald.tick(), under its lock. Writes herald.changes, herald.untold, herald.bulks; rings.
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
  -- Where there is nothing the table is not looked at by every tick either: behind an old snapshot nobody can clear it up.
  PERFORM set_config('herald.untold_due', (now + CASE WHEN FOUND THEN 5 ELSE 0.1 END)::text, false);
END $$;
