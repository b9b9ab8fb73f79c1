-- herald.doubts(s): what is odd about a stream, one row for each oddity.
-- Either it can show nothing of what it names, or everybody sees everything.
--   kind     topic    no table is watched as one of its topics
--            match    no table of a topic has its keys as audience
--            events   no table makes an event that it names
--            open     it shows rows that have an audience to everybody
--            policies it shows rows of a table with row level security, and asks nobody who they are
--            recheck  a table that it names there is gone, or tells nothing
--   outcome  as doctor prints it: '!', or '-' where herald.publish is likely to tell what no table
--            does, or where a request has to name the rows with row level security that it wants
--   says     what is so
--   advice   what to do
-- Nobody can know what herald.publish will send. So all but recheck is certain of watched tables
-- only, and the words say so.
-- At a subscriber of the log by logical replication nothing is certain, because watches and rules
-- are at the publisher. There are no rows then.
-- A routing column that is gone counts as none. doctor itself tells of a watch whose table is gone.
-- herald.stream and doctor ask it.
CREATE OR REPLACE FUNCTION herald.doubts(s herald.streams) RETURNS TABLE (kind text, outcome text, says text, advice text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH watched AS (
    SELECT w.target, w.topic, k.keys, c.columns, w.target::text AS name, c.columns @> k.keys AS has_columns,
           ARRAY(SELECT a FROM unnest(w.audience) a WHERE a = ANY (c.columns)) AS audience, herald.has_policies(w.target) AS has_policies
      FROM herald.watches w JOIN pg_class t ON t.oid = w.target,
           LATERAL (SELECT array_agg(a.attname::text) AS columns FROM pg_attribute a
                     WHERE a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped) c,
           LATERAL (SELECT ARRAY(SELECT jsonb_object_keys(s.match)) AS keys) k
     WHERE w.topic = ANY (s.topics)
  ), made AS (
    SELECT w.target, r.event FROM watched w JOIN herald.rules r ON r.target = w.target
    UNION
    SELECT w.target, w.topic || '.' || op FROM watched w, unnest('{insert,update,delete,truncate}'::text[]) op
     WHERE NOT EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target)
  ), unwatched AS (
    SELECT t.topic FROM unnest(s.topics) t(topic) WHERE NOT EXISTS (SELECT FROM herald.watches w WHERE w.topic = t.topic)
  ), asks AS (
    SELECT s.authorize IS NOT NULL OR NOT (s.require = '{}' OR (jsonb_typeof(s.require) = 'array' AND jsonb_path_exists(s.require, '$[*] ? (@.type() == "object" && !exists(@.*))'))) AS somebody,
           EXISTS (SELECT FROM jsonb_each_text(s.match) m WHERE starts_with(m.value, 'claims.') OR starts_with(m.value, 'function:')) AS by_match,
           CASE WHEN s.anonymous THEN 'everybody' ELSE 'everybody with a token' END AS who
  ), doubts AS (
    SELECT 1 AS n, 'topic' AS kind, '!' AS outcome, format('no table is watched as topic %L: only herald.publish can send it events', u.topic) AS says,
           CASE WHEN u.topic = '*' THEN 'name each topic: * is a name like any other, and no pattern'
                ELSE coalesce((SELECT format('define the stream anew: table %s has the topic %L', w.target, w.topic)
                                 FROM herald.watches w JOIN pg_class t ON t.oid = w.target JOIN pg_namespace n ON n.oid = t.relnamespace
                                WHERE u.topic IN (t.relname, n.nspname || '.' || t.relname) ORDER BY w.id LIMIT 1),
                              format('pgherald watch TABLE --topic %L', u.topic)) END AS advice
      FROM unwatched u
    UNION ALL
    SELECT 2, 'match', '!',
           format(CASE count(*) WHEN 1 THEN 'table %1$s of topic %2$L has no audience %3$s' ELSE 'no table of topic %2$L has the audience %3$s' END
                  || ': none of its rows can match, only herald.publish can send events of it', min(w.name), w.topic,
                  (SELECT string_agg(k, ' and ' ORDER BY k) FROM unnest(coalesce(nullif(ARRAY(
                     SELECT k FROM unnest(min(w.keys)) k WHERE NOT EXISTS (SELECT FROM watched o WHERE o.topic = w.topic AND k = ANY (o.audience))), '{}'), min(w.keys))) k)),
           coalesce(
             (SELECT format('pgherald watch %s --audience %s', o.name, array_to_string(o.audience || ARRAY(SELECT k FROM unnest(o.keys) k WHERE k <> ALL (o.audience) ORDER BY k), ','))
                FROM watched o WHERE o.topic = w.topic AND o.has_columns ORDER BY o.name LIMIT 1),
             (SELECT 'define the stream anew, its match by ' || string_agg(DISTINCT a, ', ' ORDER BY a) || ', which its tables have as audience'
                FROM watched o, unnest(o.audience) a WHERE o.topic = w.topic HAVING count(*) > 0),
             format('pgherald watch %s --audience COLUMN, and define the stream anew, its match by that column', min(w.name)))
      FROM watched w GROUP BY w.topic HAVING NOT bool_or(w.audience @> w.keys)
    UNION ALL
    SELECT 2, 'match', '!', format('its match names %L, which cannot route: its name holds an equals sign', k), 'define the stream anew, its match by another name'
      FROM jsonb_object_keys(s.match) k WHERE strpos(k, '=') > 0
    UNION ALL
    SELECT 3, 'events', CASE WHEN EXISTS (SELECT FROM unwatched) THEN '-' ELSE '!' END,
           format('no table of its topics makes %s: only herald.publish can send %s', string_agg(quote_literal(e.event), ' or ' ORDER BY e.event),
                  CASE count(*) WHEN 1 THEN 'it' ELSE 'them' END),
           'are the names right? Its tables make ' || (SELECT string_agg(m.event, ', ' ORDER BY m.event) FROM (SELECT DISTINCT event FROM made) m)
      FROM (SELECT DISTINCT event FROM unnest(s.events) n(event)) e
     -- these always come
     WHERE EXISTS (SELECT FROM watched) AND NOT EXISTS (SELECT FROM made m WHERE m.event = e.event) AND e.event NOT IN ('left', 'bulk', 'schema')
    HAVING count(*) > 0
    UNION ALL
    SELECT 3, 'events', '!', 'its list of events is empty: it shows none', 'define the stream anew, without events for all of them' WHERE s.events = '{}'
    UNION ALL
    SELECT 4, 'open', '!',
           format('%s sees all rows of %s, which have an audience: it has no match, no require and no authorize', min(a.who), string_agg(w.name, ', ' ORDER BY w.name)),
           format('define the stream anew, if not all may: match => ''{"%s": "claims.sub"}'', or require, or authorize', min(w.audience[1]))
      FROM watched w CROSS JOIN asks a WHERE w.audience <> '{}' AND s.match = '{}' AND NOT a.somebody AND NOT w.has_policies
    HAVING count(*) > 0
    UNION ALL
    SELECT 4, 'policies', CASE s.match WHEN '{}' THEN '!' ELSE '-' END,
           format(CASE s.match WHEN '{}' THEN '%s sees all rows of %s: it has no match, no require and no authorize, and policies of row level security do not decide about events'
                       ELSE '%s gets the rows of %s that a request names: its match takes nothing of a token, and policies of row level security do not decide about events' END,
                  min(a.who), string_agg(w.name, ', ' ORDER BY w.name)),
           CASE WHEN s.match <> '{}' THEN 'define the stream anew, if not all may: with require or authorize'
                WHEN bool_and(w.audience <> '{}') THEN format('define the stream anew, if not all may: match => ''{"%s": "claims.sub"}'', or require, or authorize', min(w.audience[1]))
                ELSE format('if not all may: pgherald watch %s --audience COLUMN, and define the stream anew, its match by that column, or with require or authorize', min(w.name) FILTER (WHERE w.audience = '{}')) END
      FROM watched w CROSS JOIN asks a WHERE w.has_policies AND w.audience @> w.keys AND NOT a.by_match AND NOT a.somebody
    HAVING count(*) > 0
    UNION ALL
    SELECT 5, 'recheck', '!',
           format(CASE WHEN herald.table_named(k) IS NULL THEN 'its recheck names %s, and there is no such table (any more): was it dropped, or renamed?'
                       ELSE 'its recheck names %s, and that has no trigger for it: a change there asks nobody again' END, k),
           CASE WHEN herald.table_named(k) IS NULL THEN 'define the stream anew, its recheck by the name that the table has now' ELSE 'define the stream anew, as it is' END
      FROM jsonb_object_keys(s.recheck) k
     WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = herald.table_named(k) AND g.tgfoid = 'herald.tell_recheck'::regproc AND g.tgenabled <> 'D')
  )
  SELECT d.kind, d.outcome, d.says, d.advice FROM doubts d
   WHERE NOT EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srrelid = 'herald.ticks'::regclass)
   ORDER BY d.n, d.says
$$;

-- herald.note_streams(w, former): says which streams can show nothing of a watch, or all of it to
-- everybody.
--   former  the topic that the watch had before. Streams that name it may have lost their table
-- Many streams may have one topic, and five make it clear what is wrong.
CREATE OR REPLACE FUNCTION herald.note_streams(w herald.watches, former text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  d record;
  said int := 0;
BEGIN
  FOR d IN SELECT s.path, o.says, o.advice FROM herald.streams s, herald.doubts(s) o
            WHERE s.topics && ARRAY[w.topic, former] AND o.outcome = '!' AND (o.kind IN ('match', 'events', 'open', 'policies') OR (o.kind = 'topic' AND former <> w.topic)) LOOP
    said := said + 1;
    IF said > 5 THEN
      RAISE NOTICE 'pgherald: there are more such streams' USING HINT = 'pgherald doctor names all.';
      RETURN;
    END IF;
    RAISE NOTICE 'pgherald: stream ''%'': %', d.path, d.says USING HINT = d.advice;
  END LOOP;
END $$;
