-- herald.stream(path, topics, match, events, require, authorize, snapshot, format, sealed,
-- anonymous, recheck): an address that subscribers open.
-- Daemons pick it up at once.
--   path       '/api/orders/:id/stream'. ':name' takes one segment as parameter
--   topics     what is streamed
--   match      {"<audience key>": "claims.x" | "params.x" | "=literal" |
--              "function:schema.name"}: all keys must match. At most 4 keys. A claim may be a path,
--              "claims.a.b", here and in require. The function (claims jsonb, params jsonb) returns
--              setof text, at most 10,000. It is asked at every opening
--   events     only these event names. NULL: all
--   require    {"<claim>": [allowed values]}: all must hold. An array of such objects: one of them
--              must hold. A value "params.x" stands for the request's parameter x
--   authorize  'schema.function' (claims jsonb, params jsonb) returns boolean. It is asked at every
--              opening, when all else allows it
--   recheck    {"<schema.table>": "<column that holds the subject>" or null}: a change there asks
--              authorize, and the functions of match, again for the open streams of that subject.
--              null: of everyone. It takes the right to make triggers on these tables
--   snapshot   'schema.function' (claims jsonb, params jsonb) returns setof jsonb: the state that a
--              new subscriber gets first, an item a row. Then comes every later change
--   format     named (event: line) or message (the name as "type" inside data)
--   sealed     data goes out encrypted, as @hapi/iron reads it. Names, ids and control events go
--              out in clear. Daemons need encryption-key
--   anonymous  no token is asked for. Then match and require may not use claims
-- The same path again replaces all of it. What is not said is as for a new stream.
-- It warns where the stream can show nothing of its watched tables (herald.doubts). It takes the
-- stream all the same, because herald.publish may send what no table does.
-- Writes herald.streams.
CREATE OR REPLACE FUNCTION herald.stream(
  path text, topics text[], match jsonb DEFAULT '{}', events text[] DEFAULT NULL, require jsonb DEFAULT '{}',
  authorize text DEFAULT NULL, snapshot text DEFAULT NULL, format text DEFAULT 'named',
  sealed boolean DEFAULT false, anonymous boolean DEFAULT false, recheck jsonb DEFAULT '{}'
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
  d record;
BEGIN
  PERFORM herald.check_path(path);
  PERFORM herald.check_name('topic', t) FROM unnest(topics) t;
  PERFORM herald.check_match(match, anonymous);
  PERFORM herald.check_require(require, anonymous);
  match := herald.named_functions(match);
  PERFORM herald.check_recheck(recheck, authorize IS NOT NULL OR herald.lists(match));
  IF coalesce(cardinality(topics), 0) = 0 THEN
    RAISE EXCEPTION 'pgherald: stream ''%'' has no topics', path USING ERRCODE = 'invalid_parameter_value';
  ELSIF format NOT IN ('named', 'message') OR format IS NULL THEN
    RAISE EXCEPTION 'pgherald: format % is unknown', coalesce(quote_literal(format), 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'named or message.';
  END IF;
  INSERT INTO herald.streams (path, topics, match, events, require, authorize, snapshot, format, sealed, anonymous, recheck)
  VALUES (path, topics, match, events, require, herald.function_name(authorize, 'claims jsonb, params jsonb', 'boolean'), herald.function_name(snapshot, 'claims jsonb, params jsonb', 'setof jsonb'), format, sealed, anonymous, recheck)
  ON CONFLICT ON CONSTRAINT streams_pkey DO UPDATE
    SET topics = excluded.topics, match = excluded.match, events = excluded.events, require = excluded.require,
        authorize = excluded.authorize, snapshot = excluded.snapshot, format = excluded.format, sealed = excluded.sealed,
        anonymous = excluded.anonymous, recheck = excluded.recheck;
  PERFORM herald.hang_rechecks();
  PERFORM herald.reshape(t) FROM unnest(topics) t;
  FOR d IN SELECT o.* FROM herald.streams s, herald.doubts(s) o WHERE s.path = path LOOP
    IF d.kind IN ('match', 'events') AND d.outcome = '!' THEN
      RAISE WARNING 'pgherald: stream ''%'': %', path, d.says USING HINT = d.advice;
    ELSE
      RAISE NOTICE 'pgherald: stream ''%'': %', path, d.says USING HINT = d.advice;
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION herald.stream(text, text[], jsonb, text[], jsonb, text, text, text, boolean, boolean, jsonb) IS
  'Public: defines the address path that subscribers open. topics: what it streams. match: '
  '{"<audience key>": "claims.x", "params.x", "=literal" or "function:schema.name"}, at most 4. '
  'events: only these names, NULL for all. require: {"<claim>": [allowed values]}. authorize and snapshot: '
  'functions (claims jsonb, params jsonb). format: named or message. sealed: encrypted. '
  'anonymous: without a token. recheck: {"<schema.table>": "<column of the subject>" or null}. '
  'The same path again replaces all of it. Raises for what is not usable.';

-- herald.unstream(path): takes the stream away. Its subscribers are closed.
CREATE OR REPLACE FUNCTION herald.unstream(path text) RETURNS void
LANGUAGE sql AS $$ DELETE FROM herald.streams s WHERE s.path = $1; SELECT herald.hang_rechecks() $$;
COMMENT ON FUNCTION herald.unstream(text) IS
  'Public: takes the stream of this path away. Its subscribers are closed. Does nothing where '
  'there is none.';

-- herald.check_recheck(recheck, asks): raises, with the reason, unless recheck is as in
-- herald.stream.
--   asks  is there a function to ask again?
DROP FUNCTION IF EXISTS herald.check_recheck(jsonb, text); -- it knew authorize only
CREATE OR REPLACE FUNCTION herald.check_recheck(recheck jsonb, asks boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  e record;
BEGIN
  IF recheck IS NULL OR jsonb_typeof(recheck) <> 'object' THEN
    RAISE EXCEPTION 'pgherald: recheck must be an object, such as {"public.members": "user_id"}' USING ERRCODE = 'invalid_parameter_value';
  ELSIF recheck <> '{}' AND NOT asks THEN
    RAISE EXCEPTION 'pgherald: without authorize or a function in match there is nothing to recheck' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR e IN SELECT * FROM jsonb_each(recheck) LOOP
    IF jsonb_typeof(e.value) NOT IN ('string', 'null') THEN
      RAISE EXCEPTION 'pgherald: recheck of ''%'' is %, not a column', e.key, e.value USING ERRCODE = 'invalid_parameter_value', HINT = 'A name, or null.';
    ELSIF herald.table_named(e.key) IS DISTINCT FROM e.key::regclass THEN
      RAISE EXCEPTION 'pgherald: recheck names ''%'', which is no table with its schema', e.key USING ERRCODE = 'undefined_table', HINT = 'Such as public.members.';
    ELSIF e.value <> 'null' THEN
      PERFORM herald.check_columns(e.key::regclass, ARRAY[e.value #>> '{}']);
    END IF;
  END LOOP;
END $$;

-- herald.check_path(path): raises unless path is '/segment/:param/...'.
-- Its characters need no escaping in a URL, and each parameter stands in it once.
CREATE OR REPLACE FUNCTION herald.check_path(path text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF path IS NULL OR path !~ '^(/:?[A-Za-z0-9._~-]+)+$' OR length(path) > 500 THEN
    RAISE EXCEPTION 'pgherald: path % is not usable', coalesce(quote_literal(path), 'NULL')
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Segments of letters, digits, . _ ~ - each behind a slash; :name for a parameter.';
  ELSIF path IN ('/stream/status', '/stream/ticket', '/stream/renew', '/stream/schema',
                 '/stream/multi', '/stream/session') THEN
    RAISE EXCEPTION 'pgherald: path ''%'' is served by pgherald itself', path USING ERRCODE = 'reserved_name';
  ELSIF (SELECT count(*) > count(DISTINCT m) FROM regexp_matches(path, ':[^/]+', 'g') m) THEN
    RAISE EXCEPTION 'pgherald: path ''%'' has a parameter twice', path
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Each :name once.';
  END IF;
END $$;

-- herald.check_match(match, anonymous): raises, with the reason, unless match is as in
-- herald.stream.
CREATE OR REPLACE FUNCTION herald.check_match(match jsonb, anonymous boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  m record;
BEGIN
  IF match IS NULL OR jsonb_typeof(match) <> 'object' OR (SELECT count(*) FROM jsonb_object_keys(match)) > 4 THEN
    RAISE EXCEPTION 'pgherald: match must be an object of at most 4 keys' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM herald.check_keys(ARRAY(SELECT jsonb_object_keys(match)));
  FOR m IN SELECT * FROM jsonb_each(match) LOOP
    IF jsonb_typeof(m.value) <> 'string' OR (m.value #>> '{}') !~ E'^(claims\\..+|params\\..+|=.*|function:.+)$' THEN
      RAISE EXCEPTION 'pgherald: match of ''%'' is %, not a source', m.key, m.value
        USING ERRCODE = 'invalid_parameter_value', HINT = '"claims.x", "params.x", "=literal" or "function:schema.name".';
    ELSIF anonymous AND (m.value #>> '{}') LIKE 'claims.%' THEN
      RAISE EXCEPTION 'pgherald: an anonymous stream has no claims to match ''%'' with', m.key
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
END $$;

-- herald.lists(match): does a function list values of it?
CREATE OR REPLACE FUNCTION herald.lists(match jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM jsonb_each_text(match) m WHERE starts_with(m.value, 'function:'))
$$;

-- herald.named_functions(match): the same, with its functions as they can stand in SQL text. Raises
-- where one does not exist.
CREATE OR REPLACE FUNCTION herald.named_functions(match jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT match || coalesce(jsonb_object_agg(m.key, 'function:' || herald.function_name(substr(m.value, 10), 'claims jsonb, params jsonb', 'setof text')), '{}')
    FROM jsonb_each_text(match) m WHERE starts_with(m.value, 'function:')
$$;

-- herald.check_require(require, anonymous): raises unless require is as in herald.stream.
CREATE OR REPLACE FUNCTION herald.check_require(require jsonb, anonymous boolean) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF require IS NULL OR jsonb_typeof(require) NOT IN ('object', 'array') OR require = '[]' OR EXISTS (
       SELECT FROM jsonb_array_elements(CASE jsonb_typeof(require) WHEN 'array' THEN require ELSE jsonb_build_array(require) END) alternative
        WHERE jsonb_typeof(alternative) <> 'object'
           OR jsonb_path_exists(alternative, 'strict $.* ? (@.type() != "array")')
           OR jsonb_path_exists(alternative, 'strict $.*[*] ? (@.type() == "array" || @.type() == "object" || @.type() == "null")')) THEN
    RAISE EXCEPTION 'pgherald: require must be {"claim": [allowed values], ...}, or an array of such objects'
      USING ERRCODE = 'invalid_parameter_value';
  ELSIF anonymous AND require <> '{}' THEN
    RAISE EXCEPTION 'pgherald: an anonymous stream has no claims to require' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END $$;
