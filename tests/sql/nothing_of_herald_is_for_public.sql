-- No relation, sequence, function nor the schema itself is granted to PUBLIC, trigger functions made later included.
SELECT plan(5);
CREATE TABLE things (id int);
SELECT herald.watch('things');
CREATE TABLE ruled (id int);
SELECT herald.watch('ruled');
SELECT herald.rule('ruled', 'made', 'insert');
SELECT ok(NOT has_schema_privilege('public', 'herald', 'USAGE') AND NOT has_schema_privilege('public', 'herald', 'CREATE'), 'not the schema');
SELECT is((SELECT array_agg(relname) FROM pg_class WHERE relnamespace = 'herald'::regnamespace AND relkind IN ('r', 'v', 'p', 'm')
              AND has_table_privilege('public', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')), NULL, 'no table and no view');
SELECT is((SELECT array_agg(relname) FROM pg_class WHERE relnamespace = 'herald'::regnamespace AND relkind = 'S'
              AND CASE relkind WHEN 'S' THEN has_sequence_privilege('public', oid, 'USAGE, SELECT, UPDATE') END), NULL, 'no sequence');
SELECT is((SELECT array_agg(proname) FROM pg_proc WHERE pronamespace = 'herald'::regnamespace
              AND has_function_privilege('public', oid, 'EXECUTE')), NULL, 'no function');
SELECT is((SELECT array_agg(proname) FROM pg_proc WHERE pronamespace = 'herald'::regnamespace AND prosecdef
              AND proname !~ '^capture_1_' -- without rules: a_writers_search_path_leads_nowhere
              AND (proconfig IS NULL OR NOT 'search_path=pg_catalog, pg_temp' = ANY (proconfig))), NULL,
  'every function that runs with its owner''s rights has a fixed search path');
SELECT finish();
