-- prepare.sql: what every test database holds beside the schema herald.
CREATE EXTENSION pgtap;
CREATE EXTENSION dblink;
CREATE SCHEMA test;

-- test.self(): the connection string of this very database, for a second session by dblink.
CREATE FUNCTION test.self() RETURNS text
LANGUAGE sql AS $$
  SELECT format('host=%s port=%s user=%s dbname=%s',
                coalesce(nullif(trim(split_part(current_setting('unix_socket_directories'), ',', 1)), ''), '127.0.0.1'),
                current_setting('port'), quote_ident(session_user), quote_ident(current_database()))
$$;

-- test.last(n): the data of the n-th change from the end of the log, as subscribers get it; 1 is the last one.
CREATE FUNCTION test.last(n int DEFAULT 1) RETURNS jsonb
LANGUAGE sql AS $$ SELECT herald.event_data(c) FROM herald.changes c ORDER BY id DESC OFFSET n - 1 LIMIT 1 $$;

-- test.events(): the names of all events in the log, in the order they were written.
CREATE FUNCTION test.events() RETURNS text[]
LANGUAGE sql AS $$ SELECT array_agg(event ORDER BY id) FROM herald.changes $$;

-- test.delivered(after): the events that the ticks behind `after` hold, in their order.
CREATE FUNCTION test.delivered(after bigint DEFAULT 0) RETURNS text[]
LANGUAGE sql AS $$ SELECT coalesce(array_agg(event ORDER BY tick, id), '{}') FROM herald.read(after + 1) $$;

-- test.heard(session): what a session of dblink that listens was notified of since the last call: '<channel>:<payload>'.
CREATE FUNCTION test.heard(session text) RETURNS text[]
LANGUAGE sql AS $$
  SELECT coalesce(array_agg(notify_name || ':' || extra), '{}')
    FROM (SELECT 1 FROM dblink(session, 'SELECT 1') AS r(x int)) a, LATERAL (SELECT * FROM dblink_get_notify(session) OFFSET 0) n
$$;
