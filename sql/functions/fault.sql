-- herald.mute(): the changes of this transaction are no events one by one; each watched table that is changed yields a single
-- `bulk` event, at which clients fetch anew. For bulk loads. Ends with the transaction.
CREATE OR REPLACE FUNCTION herald.mute() RETURNS void
LANGUAGE sql VOLATILE AS $$ SELECT pg_catalog.set_config('herald.mute', 'on', true) $$;

-- herald.bulk(watch, topic, reason): a `bulk` event for everyone on the topic, {"topic", "reason"}, at the end of the
-- transaction: behind all that it makes stale. One a transaction and table, with the first reason.
--   watch   id of the watched table
--   reason  muted, fault or truncate
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

-- herald.fault(watch, reason): keeps why a watched table's capture failed, for herald.status. No writer waits here for
-- another one: who does not get the lock at once leaves it to who has it. And none fails: who has an older snapshot than
-- the last fault (REPEATABLE READ), or whose table is unwatched meanwhile, keeps nothing. Writes herald.faults.
CREATE OR REPLACE FUNCTION herald.fault(watch int, reason text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
  IF pg_try_advisory_xact_lock(1751478881, 16 + watch) THEN
    INSERT INTO herald.faults (watch, at, reason) VALUES (watch, clock_timestamp(), reason)
    ON CONFLICT ON CONSTRAINT faults_pkey DO UPDATE SET at = excluded.at, reason = excluded.reason;
  END IF;
EXCEPTION WHEN OTHERS THEN
  NULL;
END $$;
