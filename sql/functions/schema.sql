-- The typed contract: what subscribers of each stream may be told, as JSON Schema (draft 2020-12).
-- GET /stream/schema serves it. `pgherald types` prints TypeScript for it.

-- herald.schema(): the contract of all streams.
--   {"$schema", "description", "$defs": {...},
--   "streams": {"<path>": {"format", "sealed", "events": {"<name>": schema of data}, "control":
--     {...}}}}
-- Events come from the watched tables and from the rules. Default events have the columns of their
-- tables.
-- The data of a rule is found by trying it (herald.rule_schema), with the rights of the caller. It
-- is {} where these do not suffice.
-- Writes nothing. Shows names, types and the literals of rules, and no row.
CREATE OR REPLACE FUNCTION herald.schema() RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
  WITH told AS MATERIALIZED (
    SELECT w.topic, e.* FROM herald.watched() w, LATERAL herald.event_schemas(w) e),
  carried AS ( -- for each stream: what its topics tell, and what it names itself
    SELECT s.path, t.event, t.schema, t.n FROM herald.streams s JOIN told t ON t.topic = ANY (s.topics) WHERE s.events IS NULL OR t.event = ANY (s.events)
    UNION ALL
    SELECT s.path, unnest(s.events), NULL, NULL FROM herald.streams s),
  events AS (
    SELECT s.path, c.event, herald.any_of(array_agg(c.schema ORDER BY c.n) FILTER (WHERE c.schema IS NOT NULL)) AS schema, s.format, s.sealed
      FROM carried c JOIN herald.streams s USING (path) GROUP BY s.path, c.event)
  SELECT jsonb_build_object('$schema', 'https://json-schema.org/draft/2020-12/schema',
    'description', 'What the streams of this server tell. Data that is too long for the server''s log comes as {"truncated": true, "bytes": ...} instead.',
    'streams', (SELECT coalesce(jsonb_object_agg(s.path, herald.stream_head(s) || jsonb_build_object('control', herald.control_schemas(s), 'events', (
                         SELECT coalesce(jsonb_object_agg(e.event, herald.wire_schema(coalesce(e.schema, unknown), e.event, e.format, e.sealed)), '{}')
                           FROM events e WHERE e.path = s.path))), '{}') FROM herald.streams s),
    '$defs', herald.shared_schemas())
    FROM CAST('{"description": "Not known: no rule tells this event, so the application publishes it."}' AS jsonb) AS unknown
$$;
COMMENT ON FUNCTION herald.schema() IS
  'Public: JSON Schema of what every stream tells, as one jsonb document. Writes nothing. Rules '
  'are tried over sample rows with the rights of the caller.';

-- herald.stream_head(s): what the document says of a stream apart from its events.
CREATE OR REPLACE FUNCTION herald.stream_head(s herald.streams) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object('format', s.format, 'sealed', s.sealed) || CASE WHEN s.events IS NULL
           THEN '{"description": "Events that the application publishes (herald.publish) come here too; their names and data are not known."}' ELSE '{}' END::jsonb
$$;

-- herald.watched(): the watches whose tables exist.
CREATE OR REPLACE FUNCTION herald.watched() RETURNS SETOF herald.watches
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT w.* FROM herald.watches w JOIN pg_class c ON c.oid = w.target
$$;

-- herald.event_schemas(w): each event that changes of the table cause, with the schema of its data.
-- n: their order.
CREATE OR REPLACE FUNCTION herald.event_schemas(w herald.watches, OUT event text, OUT schema jsonb, OUT n bigint) RETURNS SETOF record
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.event, herald.rule_schema(w, r, s.samples, s.columns), (w.id::bigint << 32) + r.id
    FROM herald.rules r, (SELECT herald.sample_rows(w.target), herald.column_schemas(w.target, false) OFFSET 0) AS s(samples, columns) WHERE r.target = w.target
  UNION ALL
  SELECT w.topic || '.' || op, herald.default_schema(w, op), w.id::bigint << 32 FROM unnest('{insert,update,delete,truncate}'::text[]) op WHERE herald.default_events(w)
$$;

-- herald.row_name(w): the name of a watched table's rows in $defs.
CREATE OR REPLACE FUNCTION herald.row_name(w herald.watches) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'row_' || CASE WHEN name ~ '^[A-Za-z0-9_.]+$' THEN name ELSE regexp_replace(name, '[^A-Za-z0-9_.]', '_', 'g') || '_' || w.id END
    FROM (SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = w.target) AS t(name)
$$;

-- herald.default_schema(w, op): the data of a default event.
CREATE OR REPLACE FUNCTION herald.default_schema(w herald.watches, op text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object('type', 'object', 'required', '["op", "table", "key", "row", "old", "changed"]'::jsonb, 'properties', jsonb_build_object(
    'op', jsonb_build_object('const', op),
    'table', jsonb_build_object('const', n.nspname || '.' || c.relname),
    'key', CASE op WHEN 'truncate' THEN none ELSE herald.key_schema(w) END,
    'row', CASE WHEN op IN ('insert', 'update') THEN whole ELSE none END,
    'old', CASE op WHEN 'delete' THEN whole WHEN 'update' THEN former || CASE WHEN w.audience <> '{}'
             THEN '{"type": ["object", "null"], "description": "What changed, as it was. null where the row has come from another audience."}'::jsonb
             ELSE '{"description": "What changed, as it was."}' END ELSE none END,
    'changed', CASE WHEN op = 'update' THEN jsonb_build_object('type', 'array', 'items', jsonb_build_object('type', 'string')) ELSE '{"const": []}' END))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
         CAST('{"type": "null"}' AS jsonb) AS none,
         CAST(jsonb_build_object('$ref', '#/$defs/' || herald.row_name(w)) AS jsonb) AS whole,
         CAST(herald.row_schema(w) - 'required' AS jsonb) AS former
   WHERE c.oid = w.target
$$;

-- herald.row_schema(w): a row as default events show it.
CREATE OR REPLACE FUNCTION herald.row_schema(w herald.watches) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object('type', 'object', 'properties', coalesce(jsonb_object_agg(c.key, c.value), '{}'), 'required', coalesce(jsonb_agg(c.key ORDER BY c.key), '[]'))
    FROM jsonb_each(herald.told_schemas(w, true)) c WHERE herald.tells_column(w, c.key)
$$;

-- herald.key_schema(w): the primary key. null for a table without one, and where a column of it is
-- excluded.
CREATE OR REPLACE FUNCTION herald.key_schema(w herald.watches) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE count(*) WHEN 0 THEN '{"type": "null"}'
         ELSE jsonb_build_object('type', 'object', 'properties', jsonb_object_agg(c.key, c.value), 'required', jsonb_agg(c.key ORDER BY c.key)) END
    FROM jsonb_each(herald.told_schemas(w, false)) c WHERE c.key = ANY (herald.key_columns(w))
$$;

-- herald.wire_schema(schema, event, format, sealed): the schema of what stands in `data:`. Of a
-- sealed stream it is that of what the client unseals.
-- In format message the name is a member "type", and the time of sealing a member "timestamp". Data
-- that is no object is in "data" then.
CREATE OR REPLACE FUNCTION herald.wire_schema(schema jsonb, event text, format text, sealed boolean) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  added jsonb := CASE format WHEN 'message' THEN jsonb_build_object('type', jsonb_build_object('const', event)) ELSE '{}' END
                 || CASE WHEN sealed THEN '{"timestamp": {"type": "integer", "description": "When it was sealed, ms."}}' ELSE '{}' END::jsonb;
  names jsonb := (SELECT coalesce(jsonb_agg(k), '[]') FROM jsonb_object_keys(added) k);
  kind text := schema ->> 'type';
BEGIN
  RETURN CASE
    WHEN added = '{}' THEN schema
    WHEN schema ? 'anyOf' THEN jsonb_build_object('anyOf', (SELECT jsonb_agg(herald.wire_schema(a, event, format, sealed)) FROM jsonb_array_elements(schema -> 'anyOf') a))
    WHEN kind = 'object' THEN schema || jsonb_build_object('properties', coalesce(schema -> 'properties', '{}') || added,
                                         'required', (SELECT jsonb_agg(DISTINCT r) FROM jsonb_array_elements(coalesce(schema -> 'required', '[]') || names) r))
    WHEN kind IS NULL AND NOT schema ?| '{const,enum}' OR kind LIKE '%object%'
      THEN jsonb_strip_nulls(jsonb_build_object('description', schema -> 'description')) || jsonb_build_object('type', 'object', 'properties', added, 'required', names)
    ELSE jsonb_build_object('type', 'object', 'properties', added || jsonb_build_object('data', schema), 'required', names || '"data"') END;
END $$;

-- herald.control_schemas(s): {"<name>": schema of data} of the events that the server itself tells
-- on a stream.
CREATE OR REPLACE FUNCTION herald.control_schemas(s herald.streams) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_object_agg(c.key, CASE WHEN s.sealed AND c.key IN ('left', 'bulk', 'schema', 'snapshot') THEN herald.wire_schema(c.value, c.key, s.format, true)
           ELSE jsonb_build_object('$ref', '#/$defs/' || CASE s.format WHEN 'message' THEN 'message_' ELSE '' END || c.key) END)
    FROM jsonb_each(herald.control_data()) c
   WHERE s.snapshot IS NOT NULL OR c.key NOT IN ('snapshot', 'ready')
$$;

-- herald.control_data(): {"<name>": schema of data} of control events in format named.
-- Source: control.c and tenure.c of the daemon, fault.sql.
CREATE OR REPLACE FUNCTION herald.control_data() RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT $json$ {
    "connected": {"description": "The stream is open.", "type": "object", "properties": {"message": {"const": "SSE connected"}}, "required": ["message"]},
    "snapshot": {"description": "An item of the state that the stream begins with; a function of the application makes it, so its shape is not known."},
    "ready": {"description": "The state is complete.", "type": "object", "properties": {"items": {"type": "integer"}}, "required": ["items"]},
    "reset": {"description": "What was missed cannot be had any more: fetch anew.", "type": "object",
      "properties": {"reason": {"enum": ["expired", "unknown", "restored"]}}, "required": ["reason"]},
    "left": {"description": "The row with this key is not to be seen here any more.", "type": "object",
      "properties": {"topic": {"type": "string"}, "key": {"type": ["object", "null"]}}, "required": ["topic", "key"]},
    "bulk": {"description": "More has changed than was told: fetch anew.", "type": "object",
      "properties": {"topic": {"type": "string"}, "reason": {"enum": ["muted", "fault", "truncate", "ddl", "crash"]}}, "required": ["topic", "reason"]},
    "schema": {"description": "Events of these topics look otherwise from here on: fetch this document anew.", "type": "object",
      "properties": {"topics": {"type": "array", "items": {"type": "string"}}}, "required": ["topics"]},
    "expiring": {"description": "The token ends in so many seconds; POST /stream/renew lets the stream go on.", "type": "object",
      "properties": {"expires_in": {"type": "integer"}, "stream": {"type": "string"}}, "required": ["expires_in", "stream"]},
    "closing": {"description": "The server ends the stream.", "type": "object",
      "properties": {"reason": {"enum": ["shutdown", "expired", "revoked", "forbidden", "changed", "failed", "slow", "fault"]}, "retry": {"type": "boolean"}}, "required": ["reason"]}
  }$json$::jsonb
$$;

-- herald.shared_schemas(): what several places refer to: rows of tables with default events,
-- control events, the cursor.
CREATE OR REPLACE FUNCTION herald.shared_schemas() RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT herald.control_data()
      || (SELECT jsonb_object_agg('message_' || c.key, herald.wire_schema(CASE c.key WHEN 'connected' THEN '{"type": "object"}' ELSE c.value END, c.key, 'message', false))
            FROM jsonb_each(herald.control_data()) c)
      || '{"cursor": {"description": "The id of an event: its place in the total order.", "type": "string", "pattern": "^[0-9]+-[0-9]+$"}}'
      || coalesce((SELECT jsonb_object_agg(herald.row_name(w), herald.row_schema(w) || jsonb_build_object('description', 'A row of ' || w.target::text || '.'))
                     FROM herald.watched() w
                    WHERE herald.default_events(w) OR EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target AND r.data IS NULL)), '{}')
$$;
