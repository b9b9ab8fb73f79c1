-- The text of a value also depends on settings of the writer's session.
-- Keys, rows and routing keys are written with the same settings whoever writes. Snapshots are read
-- with these settings. So a row looks the same wherever it is told.
-- SET clauses of the trigger function would cost a writer 2 to 4 us in 24. So the function looks at
-- those settings that can matter for its table. Only where one differs it sets them, and puts them
-- back.

-- herald.fixed_settings(): what the settings are set to. That is PostgreSQL's own default, but for
-- those that a server takes from its locale.
--   alike  values with which the text is the same, the usual one first
CREATE OR REPLACE FUNCTION herald.fixed_settings() RETURNS TABLE (name text, value text, alike text[])
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('TimeZone', 'UTC', '{UTC,Etc/UTC}'::text[]), ('DateStyle', 'ISO, MDY', '{"ISO, MDY","ISO, DMY","ISO, YMD"}'), ('IntervalStyle', 'postgres', '{postgres}'),
         ('bytea_output', 'hex', '{hex}'), ('extra_float_digits', '1', '{1,3,2}'), ('xmlbinary', 'base64', '{base64}'), ('xmloption', 'content', '{content}'),
         ('lc_monetary', 'C', '{C,C.UTF-8,POSIX}'), ('lc_numeric', 'C', '{en_US.UTF-8,C.UTF-8,C,POSIX}'), ('lc_time', 'C', '{en_US.UTF-8,C.UTF-8,C,POSIX}'),
         ('timezone_abbreviations', 'Default', '{Default}'), ('default_text_search_config', 'pg_catalog.simple', '{pg_catalog.simple}'),
         ('array_nulls', 'on', '{on}'), ('transform_null_equals', 'off', '{off}'), ('gin_fuzzy_search_limit', '0', '{0}'),
         -- of 2024: older servers do not know it
         ('restrict_nonsystem_relation_kind', '', '{""}'), ('row_security', 'on', '{on}'),
         ('quote_all_identifiers', 'off', '{off}'), ('search_path', 'pg_catalog, pg_temp', '{"pg_catalog, pg_temp"}')
$$;

-- herald.types_of(w): the types of the table's columns and all that these are made of.
--   as_text  not by its own form in JSON, but within a text: of a routing column, or of a range
CREATE OR REPLACE FUNCTION herald.types_of(w herald.watches) RETURNS TABLE (type oid, as_text boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH RECURSIVE used(type, as_text) AS (
    SELECT a.atttypid, a.attname = ANY (w.audience) FROM pg_attribute a WHERE a.attrelid = w.target AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT p.type, used.as_text OR p.as_text
      FROM used JOIN pg_type t ON t.oid = used.type,
           LATERAL (SELECT t.typbasetype, false UNION ALL SELECT t.typelem, false
                    UNION ALL SELECT a.atttypid, false FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                    UNION ALL SELECT r.rngsubtype, true FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid)) p(type, as_text)
     WHERE p.type <> 0
  )
  SELECT u.type, bool_or(u.as_text) FROM used u GROUP BY u.type;
END $$;

-- herald.calls_casts(w): do functions that somebody wrote turn values of the table into JSON or
-- text? These look names up where they are told.
CREATE OR REPLACE FUNCTION herald.calls_casts(w herald.watches) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM herald.types_of(w) u
                   JOIN pg_cast c ON c.castsource = u.type AND c.casttarget IN ('json'::regtype, 'text'::regtype) AND c.castmethod = 'f'
                   JOIN pg_proc p ON p.oid = c.castfunc JOIN pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c'));
END $$;

-- herald.rule_needs(w): the names of those settings that the expressions of its rules may depend on,
-- beside the usual ones.
-- It goes by the words of the rules. All settings for every rule would cost each writer 1 us a row,
-- and 4 us where the server's locale is not C.
-- Of functions that a rule calls nothing is known but that they may look into a table.
CREATE OR REPLACE FUNCTION herald.rule_needs(w herald.watches) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT n.name
    FROM herald.rules r JOIN (VALUES
      ('row_security', E'select|[.]\\s*("[^"]+"|[^\\s.(]+)\\s*[(]'), ('gin_fuzzy_search_limit', 'select'),
      ('restrict_nonsystem_relation_kind', E'select|[.]\\s*("[^"]+"|[^\\s.(]+)\\s*[(]'),
      ('array_nulls', E'[{]|\\[\\s*\\]|array'), ('transform_null_equals', E'=\\s*null|null\\s*='), ('quote_all_identifiers', 'quote|format|reg|pg_get'),
      ('timezone_abbreviations', 'date|time|zone'), ('xmlbinary', 'xml'), ('xmloption', 'xml'), ('lc_monetary', E'money|to_(char|number).*''[^'']*l'),
      ('lc_numeric', 'to_char|to_number'), ('lc_time', 'to_char|to_date|to_timestamp'), ('default_text_search_config', '@@|tsvector|tsquery|ts_')) n(name, words)
      ON concat(r.condition, ' ', r.data) ~* n.words
   WHERE r.target = w.target
$$;

-- herald.settings_of(w): the names of those settings that can matter for what is told of the table.
-- The expression of a rule may depend on any of the usual ones. So may a type that is not
-- PostgreSQL's own, and a cast that somebody wrote.
CREATE OR REPLACE FUNCTION herald.settings_of(w herald.watches) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (
  WITH used AS (
    SELECT t.oid, u.as_text, t.typtype = 'b' AND t.typelem = 0 AND t.typnamespace <> 'pg_catalog'::regnamespace AS foreign_made
      FROM herald.types_of(w) u JOIN pg_type t ON t.oid = u.type
  ), needed AS (
    SELECT CASE WHEN u.oid = ANY ('{timestamptz,timetz}'::regtype[]) THEN 'TimeZone'
                WHEN u.oid = 'interval'::regtype THEN 'IntervalStyle'
                WHEN u.oid = 'bytea'::regtype THEN 'bytea_output'
                WHEN u.oid = ANY ('{float4,float8,point,line,lseg,box,path,polygon,circle}'::regtype[]) THEN 'extra_float_digits'
                WHEN u.oid = 'money'::regtype THEN 'lc_monetary' END AS name FROM used u
    UNION
    SELECT 'DateStyle' FROM used u WHERE u.as_text AND u.oid = ANY ('{date,timestamp,timestamptz}'::regtype[])
    UNION
    SELECT n FROM unnest('{TimeZone,DateStyle,IntervalStyle,bytea_output,extra_float_digits}'::text[]) n
     WHERE NOT herald.default_events(w) OR EXISTS (SELECT FROM used u WHERE u.foreign_made) OR herald.calls_casts(w)
    UNION
    SELECT * FROM herald.rule_needs(w)
    UNION
    SELECT n FROM used u JOIN pg_type t ON t.oid = u.oid AND t.typnamespace = 'pg_catalog'::regnamespace AND t.typname ~ '^reg',
                  unnest('{quote_all_identifiers,search_path}'::text[]) n
  )
  SELECT coalesce(array_agg(s.name ORDER BY s.name COLLATE "C"), '{}') FROM herald.fixed_settings() s JOIN needed USING (name) WHERE current_setting(s.name, true) IS NOT NULL);
END $$;

-- herald.alike_of(w): herald.fixed_settings with the values that are alike for this table.
-- The order of day and month matters where a rule may read a date from a text.
CREATE OR REPLACE FUNCTION herald.alike_of(w herald.watches) RETURNS TABLE (name text, value text, alike text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  SELECT s.name, s.value, CASE WHEN s.name = 'DateStyle' AND r.reads_dates THEN ARRAY[s.value] ELSE s.alike END
    FROM herald.fixed_settings() s
   CROSS JOIN (SELECT EXISTS (SELECT FROM herald.rule_needs(w) n WHERE n = 'timezone_abbreviations')
                   OR (NOT herald.default_events(w) AND EXISTS (SELECT FROM herald.types_of(w) u WHERE u.type = ANY ('{date,timestamp,timestamptz}'::regtype[])))
                   AS reads_dates OFFSET 0) r;
END $$;

-- herald.fix_lines(w, settings): statements that set what is set otherwise, and keep what it was.
--   settings  herald.settings_of(w), which takes longer than the rest of this
-- They stand within an exception block, whose abort puts the settings back as well.
DROP FUNCTION IF EXISTS herald.fix_lines(herald.watches); -- it looked for them itself
CREATE OR REPLACE FUNCTION herald.fix_lines(w herald.watches, settings text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (
  SELECT concat_ws(E'\n',
      '    IF ' || string_agg(d.differs, ' OR ' ORDER BY n) || ' THEN',
      '      "!were" := ARRAY[' || string_agg(format('CASE WHEN %s THEN pg_catalog.current_setting(%L) END', d.differs, s.name), ', ' ORDER BY n) || '];',
      '      "!are" := ARRAY[' || string_agg(format('CASE WHEN "!were"[%s] IS NOT NULL THEN pg_catalog.set_config(%L, %L, true) END', n, s.name, s.value), ', ' ORDER BY n) || '];',
      '    END IF;')
    FROM unnest(settings) WITH ORDINALITY o(name, n) JOIN herald.alike_of(w) s USING (name)
   CROSS JOIN LATERAL (SELECT '(' || string_agg(format('pg_catalog.current_setting(%L) OPERATOR(pg_catalog.<>) %L', s.name, a), ' AND ' ORDER BY i) || ')' AS differs
                         FROM unnest(s.alike) WITH ORDINALITY u(a, i)) d
  HAVING count(*) > 0);
END $$;

-- herald.unfix_line(settings): the statement that puts them back.
DROP FUNCTION IF EXISTS herald.unfix_line(herald.watches); -- it looked for them itself
CREATE OR REPLACE FUNCTION herald.unfix_line(settings text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (
  SELECT '  IF "!were" IS NOT NULL THEN "!are" := ARRAY['
         || string_agg(format('CASE WHEN "!were"[%2$s] IS NOT NULL THEN pg_catalog.set_config(%1$L, "!were"[%2$s], true) END', o.name, o.n), ', ' ORDER BY n) || ']; END IF;'
    FROM unnest(settings) WITH ORDINALITY o(name, n)
  HAVING count(*) > 0);
END $$;

-- herald.fix_settings(): sets them to the end of the transaction.
-- Some are left alone. A snapshot function looks up names as it likes, and what its role may see is
-- not herald's to say.
CREATE OR REPLACE FUNCTION herald.fix_settings() RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT pg_catalog.set_config(s.name, s.value, true) FROM herald.fixed_settings() s
   WHERE s.name OPERATOR(pg_catalog.<>) ALL ('{search_path,quote_all_identifiers,row_security,restrict_nonsystem_relation_kind}'::pg_catalog.text[])
$$;
