-- The text of a value also depends on settings of the writer's session.
-- Keys, rows and routing keys are written with the same settings whoever writes. Snapshots are read
-- with these settings. So a row looks the same wherever it is told.
-- SET clauses of the trigger function would cost a writer 2 to 4 us in 24. So the function looks at
-- those settings that can matter for its table. Only where one differs it sets them, and puts them
-- back.

-- herald.fixed_settings(): what the settings are set to.
--   alike  values with which the text is the same, the usual one first
CREATE OR REPLACE FUNCTION herald.fixed_settings() RETURNS TABLE (name text, value text, alike text[])
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  VALUES ('TimeZone', 'UTC', '{UTC,Etc/UTC}'::text[]), ('DateStyle', 'ISO, YMD', '{"ISO, MDY","ISO, DMY","ISO, YMD"}'), ('IntervalStyle', 'postgres', '{postgres}'),
         ('bytea_output', 'hex', '{hex}'), ('extra_float_digits', '1', '{1,3,2}'), ('xmlbinary', 'base64', '{base64}'), ('lc_monetary', 'C', '{C}'),
         ('row_security', 'on', '{on}'),
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

-- herald.settings_of(w): the names of those settings that can matter for what is told of the table.
-- The expression of a rule may depend on any of the usual ones. So may a type that is not
-- PostgreSQL's own.
-- Some rules look into a table, or call a function of another schema that may. Only these depend on
-- row_security.
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
     WHERE NOT herald.default_events(w) OR EXISTS (SELECT FROM used u WHERE u.foreign_made)
    UNION
    SELECT 'row_security' FROM herald.rules r WHERE r.target = w.target AND concat(r.condition, ' ', r.data) ~* E'select|[.]\\s*("[^"]+"|[^\\s.(]+)\\s*[(]'
    UNION
    SELECT 'xmlbinary' FROM herald.rules r WHERE r.target = w.target AND concat(r.condition, ' ', r.data) ~* 'xml'
    UNION
    SELECT n FROM used u JOIN pg_type t ON t.oid = u.oid AND t.typnamespace = 'pg_catalog'::regnamespace AND t.typname ~ '^reg',
                  unnest('{quote_all_identifiers,search_path}'::text[]) n
  )
  SELECT coalesce(array_agg(s.name ORDER BY s.name COLLATE "C"), '{}') FROM herald.fixed_settings() s JOIN needed USING (name));
END $$;

-- herald.fix_lines(w): statements that set what is set otherwise, and keep what it was.
-- They stand within an exception block, whose abort puts the settings back as well.
CREATE OR REPLACE FUNCTION herald.fix_lines(w herald.watches) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (
  SELECT concat_ws(E'\n',
      '    IF ' || string_agg(d.differs, ' OR ' ORDER BY n) || ' THEN',
      '      "!were" := ARRAY[' || string_agg(format('CASE WHEN %s THEN pg_catalog.current_setting(%L) END', d.differs, s.name), ', ' ORDER BY n) || '];',
      '      "!are" := ARRAY[' || string_agg(format('CASE WHEN "!were"[%s] IS NOT NULL THEN pg_catalog.set_config(%L, %L, true) END', n, s.name, s.value), ', ' ORDER BY n) || '];',
      '    END IF;')
    FROM unnest(herald.settings_of(w)) WITH ORDINALITY o(name, n) JOIN herald.fixed_settings() s USING (name)
   CROSS JOIN LATERAL (SELECT '(' || string_agg(format('pg_catalog.current_setting(%L) OPERATOR(pg_catalog.<>) %L', s.name, a), ' AND ' ORDER BY i) || ')' AS differs
                         FROM unnest(s.alike) WITH ORDINALITY u(a, i)) d
  HAVING count(*) > 0);
END $$;

-- herald.unfix_line(w): the statement that puts them back.
CREATE OR REPLACE FUNCTION herald.unfix_line(w herald.watches) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (
  SELECT '  IF "!were" IS NOT NULL THEN "!are" := ARRAY['
         || string_agg(format('CASE WHEN "!were"[%2$s] IS NOT NULL THEN pg_catalog.set_config(%1$L, "!were"[%2$s], true) END', o.name, o.n), ', ' ORDER BY n) || ']; END IF;'
    FROM unnest(herald.settings_of(w)) WITH ORDINALITY o(name, n)
  HAVING count(*) > 0);
END $$;

-- herald.fix_settings(): sets them to the end of the transaction.
-- Two kinds are left alone. A snapshot function looks up names as it likes, and row_security is
-- that of its role.
CREATE OR REPLACE FUNCTION herald.fix_settings() RETURNS void
LANGUAGE sql VOLATILE AS $$
  SELECT pg_catalog.set_config(s.name, s.value, true) FROM herald.fixed_settings() s
   WHERE s.name OPERATOR(pg_catalog.<>) ALL ('{search_path,quote_all_identifiers,row_security}'::pg_catalog.text[])
$$;
