-- herald.default_data(constant, key, row_now, row_was): the whole data of a default event. For
-- psql.
-- The daemon composes the same from the columns of herald.changes (src/pg/decode.c). It compares
-- texts, as this does.
CREATE OR REPLACE FUNCTION herald.default_data(constant jsonb, key jsonb, row_now jsonb, row_was jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT constant || pg_catalog.jsonb_build_object('key', key, 'row', row_now,
    'old', CASE WHEN row_now IS NULL THEN row_was WHEN row_was IS NOT NULL THEN coalesce(d.old, '{}') END,
    'changed', coalesce(d.changed, '[]'))
    FROM (SELECT pg_catalog.jsonb_object_agg(o.key, o.value) AS old, pg_catalog.jsonb_agg(o.key) AS changed
            FROM pg_catalog.jsonb_each(row_was) o
           WHERE row_now IS NOT NULL AND (row_now -> o.key)::text IS DISTINCT FROM o.value::text) d
$$;

-- herald.event_data(c): the data of an event as subscribers get it. For psql:
--   SELECT id, topic, event, herald.event_data(c) FROM herald.changes c
CREATE OR REPLACE FUNCTION herald.event_data(c herald.changes) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN herald.is_too_long(c.bytes) THEN pg_catalog.jsonb_build_object('truncated', true, 'bytes', pg_catalog.abs(c.bytes))
              WHEN c.key IS NULL AND c.row_now IS NULL AND c.row_was IS NULL THEN c.data
              ELSE herald.default_data(c.data, c.key, c.row_now, c.row_was) END
$$;
COMMENT ON FUNCTION herald.event_data(herald.changes) IS
  'Public: the data of an event as subscribers get it. c: a row of herald.changes. SELECT id, '
  'event, herald.event_data(c) FROM herald.changes c.';
