-- herald.publish(topic, event, data, audience): an event of the application's own.
-- It goes out if, and only if, the transaction commits.
--   data      any jsonb but SQL NULL
--   audience  {"<key>": value or [values]}: who on the topic may see it. '{}': streams of the topic
--             that match nothing
-- Writes herald.changes with the owner's rights. PUBLIC may not execute it. Raises for names that
-- are not usable.
CREATE OR REPLACE FUNCTION herald.publish(topic text, event text, data jsonb, audience jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM herald.check_name('topic', topic), herald.check_name('event', event);
  IF jsonb_typeof(audience) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION 'pgherald: audience must be an object, such as {"user_id": "7"}' USING ERRCODE = 'invalid_parameter_value';
  ELSIF data IS NULL THEN
    RAISE EXCEPTION 'pgherald: data of event ''%'' is NULL', event USING ERRCODE = 'null_value_not_allowed';
  -- as for a row (keys_lines)
  ELSIF pg_column_size(herald.audience_of(audience)) > herald.keys_bytes() THEN
    RAISE EXCEPTION 'pgherald: audience of event ''%'' makes routing keys of more than 4 MB', event USING ERRCODE = 'program_limit_exceeded';
  END IF;
  PERFORM herald.check_keys(ARRAY(SELECT jsonb_object_keys(audience)));
  INSERT INTO herald.changes (topic, event, audience, data, bytes)
  SELECT topic, event, herald.audience_of(audience), b.data, b.bytes FROM herald.bounded_data(data) b;
END $$;
COMMENT ON FUNCTION herald.publish(text, text, jsonb, jsonb) IS
  'Public: sends an event of the application, if and when the transaction commits. data: any '
  'jsonb but SQL NULL. audience: {"<key>": value or [values]}, who on the topic may see it; {} '
  'reaches streams without match only. Raises for names of topic, event or keys that are not '
  'usable, and for keys of more than 4 MB.';

-- herald.audience_of(audience): {"a": 1, "b": ["x", "y"]} as routing keys {a=1,b=x,b=y}. NULL
-- values are left out.
CREATE OR REPLACE FUNCTION herald.audience_of(audience jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(array_agg(a.key || '=' || v.value ORDER BY a.key, v.value), '{}')
    FROM jsonb_each(audience) a,
         jsonb_array_elements_text(CASE jsonb_typeof(a.value) WHEN 'array' THEN a.value ELSE jsonb_build_array(a.value) END) v
   WHERE v.value IS NOT NULL
$$;
