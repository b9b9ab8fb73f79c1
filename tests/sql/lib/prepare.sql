-- prepare.sql: what every test database holds beside the schema herald, and pgTAP.
CREATE EXTENSION dblink;
CREATE SCHEMA test;

-- test.self(): the connection string of this very database, for a second session by dblink.
CREATE FUNCTION test.self() RETURNS text
LANGUAGE sql AS $$
  SELECT format('host=%s port=%s user=%s dbname=%s',
                coalesce(nullif(trim(split_part(current_setting('unix_socket_directories'), ',', 1)), ''), '127.0.0.1'),
                current_setting('port'), quote_ident(session_user), quote_ident(current_database()))
$$;

-- test.listen(): from now on a session listens, as a daemon does. Writers ring only then.
CREATE FUNCTION test.listen() RETURNS void
LANGUAGE sql AS $$
  SELECT dblink_connect('daemon', test.self());
  SELECT dblink_exec('daemon', 'DO ''BEGIN PERFORM pg_advisory_lock_shared(1751478881, 5); END''')
$$;

-- test.last(n): the data of the n-th change from the end of the log, as subscribers get it; 1 is the last one.
CREATE FUNCTION test.last(n int DEFAULT 1) RETURNS jsonb
LANGUAGE sql AS $$ SELECT herald.event_data(c) FROM herald.changes c ORDER BY id DESC OFFSET n - 1 LIMIT 1 $$;

-- test.events(): the names of all events in the log, in the order they were written.
CREATE FUNCTION test.events() RETURNS text[]
LANGUAGE sql AS $$ SELECT array_agg(event ORDER BY id) FROM herald.changes $$;

-- test.tell(): tells `bulk` of what no capture could tell, as the next tick does, whenever it was told last.
CREATE FUNCTION test.tell() RETURNS void
LANGUAGE sql AS $$
  SELECT set_config('herald.untold_due', '0', false);
  SELECT herald.tell_untold();
$$;

-- test.look(): looks at what DDL has changed, as the maker of ticks does. Returns whether it told anything.
CREATE FUNCTION test.look() RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  before bigint := (SELECT coalesce(max(id), 0) FROM herald.changes);
  step text := herald.look(NULL);
BEGIN
  WHILE step IS NOT NULL LOOP
    step := herald.look(step);
  END LOOP;
  RETURN EXISTS (SELECT FROM herald.changes c WHERE c.id > before);
END $$;

-- test.looked(): what a look at the tables told: `bulk <topic> <reason>` for each.
CREATE FUNCTION test.looked() RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
  before bigint := (SELECT coalesce(max(id), 0) FROM herald.changes);
BEGIN
  PERFORM test.look();
  RETURN (SELECT coalesce(array_agg(event || ' ' || (data ->> 'topic') || ' ' || (data ->> 'reason') ORDER BY id), '{}')
            FROM herald.changes WHERE id > before AND event = 'bulk');
END $$;

-- test.delivered(after): the events that the ticks behind `after` hold, in their order.
CREATE FUNCTION test.delivered(after bigint DEFAULT 0) RETURNS text[]
LANGUAGE sql AS $$ SELECT coalesce(array_agg(event ORDER BY tick, id), '{}') FROM herald.read(after + 1) $$;

-- test.told(skip): the same with the values of their keys, '<event> <value>,<value>', without the first `skip`.
CREATE FUNCTION test.told(skip int DEFAULT 0) RETURNS text[]
LANGUAGE sql AS $$
  SELECT coalesce(array_agg(concat_ws(' ', t.event, (SELECT string_agg(v.value, ',') FROM jsonb_each_text(t.key) v)) ORDER BY t.id), '{}')
    FROM (SELECT c.id, c.event, nullif(coalesce(c.key, c.data -> 'key'), 'null') AS key FROM herald.changes c ORDER BY c.id OFFSET skip) t
$$;

-- test.map(topic, seen): the rows that a client holds which keeps a map by `key` and has read all of the topic; seen: the keys
-- it may see, NULL: it matches nothing. Where the key of an update is among what has changed, the row of the former key
-- goes. NULL where it was told to fetch anew. Makes a tick, so the writers' transactions must have ended.
CREATE FUNCTION test.map(topic text, seen text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  held jsonb := '{}';
  e record;
  former jsonb;
BEGIN
  PERFORM herald.tick();
  FOR e IN SELECT r.event, r.row_now::jsonb AS now, CASE WHEN r.row_was IS NOT NULL THEN r.row_was::jsonb END AS was,
                  coalesce(r.key::jsonb, r.data::jsonb -> 'key') AS key
             FROM herald.replay(0, 0, (SELECT h.tick FROM herald.head() h), ARRAY[topic], NULL, seen, NULL, NULL, NULL, 1000000) r
            WHERE r.id >= 0 ORDER BY r.tick, r.id LOOP
    former := e.key || coalesce((SELECT jsonb_object_agg(o.key, o.value) FROM jsonb_each(e.was) o WHERE e.key ? o.key), '{}');
    held := CASE WHEN e.event = 'bulk' THEN NULL WHEN e.event ~ 'truncate$' THEN '{}' ELSE held - former::text END;
    IF e.now IS NOT NULL THEN
      held := held || jsonb_build_object(e.key::text, e.now);
    END IF;
  END LOOP;
  RETURN (SELECT coalesce(jsonb_agg(h.value ORDER BY h.value::text), '[]') FROM jsonb_each(held) h WHERE held IS NOT NULL)
         || CASE WHEN held IS NOT NULL THEN '[]'::jsonb END;
END $$;

-- test.rows(target, condition): the rows of a table as test.map shows them.
CREATE FUNCTION test.rows(target regclass, condition text DEFAULT 'true') RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  rows jsonb;
BEGIN
  EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY to_jsonb(t)::text), ''[]'') FROM %s t WHERE %s', target, condition) INTO rows;
  RETURN rows;
END $$;

-- test.heard(session): what a session of dblink that listens was notified of since the last call: '<channel>:<payload>'.
CREATE FUNCTION test.heard(session text) RETURNS text[]
LANGUAGE sql AS $$
  SELECT coalesce(array_agg(notify_name || ':' || extra), '{}')
    FROM (SELECT 1 FROM dblink(session, 'SELECT 1') AS r(x int)) a, LATERAL (SELECT * FROM dblink_get_notify(session) OFFSET 0) n
$$;
