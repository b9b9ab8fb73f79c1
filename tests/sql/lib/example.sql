-- example.sql: the example application, and people who call its actions.
\ir ../../../contrib/example/install.sql

-- test.claims(who): what the token of one of the sample people says.
CREATE FUNCTION test.claims(who text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT ('{"joao":   {"sub": "00000000-0000-4000-8000-000000000001", "role": "customer"},
            "maria":  {"sub": "00000000-0000-4000-8000-000000000002", "role": "customer"},
            "ana":    {"sub": "00000000-0000-4000-8000-000000000003", "role": "staff", "stores": ["minha-loja"]},
            "grace":  {"sub": "00000000-0000-4000-8000-000000000004", "role": "admin"},
            "pieter": {"sub": "00000000-0000-4000-8000-000000000005", "role": "mechanic"}}'::jsonb) -> who $$;

-- test.ask(who, method, path, body, params, query): what one of them is answered.
CREATE FUNCTION test.ask(who text, method text, path text, body jsonb DEFAULT NULL, params jsonb DEFAULT '{}', query jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
  SELECT herald.act(method, path, jsonb_build_object('params', params, 'query', query, 'body', body, 'claims', test.claims(who))) $$;

-- test.line(answer): an answer as a line: its status, then its errors or its message.
CREATE FUNCTION test.line(answer jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', answer ->> 'status', coalesce(answer #>> '{body,message}', (SELECT string_agg(e, '; ') FROM jsonb_array_elements_text(answer #> '{body,errors}') e))) $$;
