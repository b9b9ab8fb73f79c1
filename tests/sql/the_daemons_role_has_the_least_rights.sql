-- herald.grant_daemon: all that serve asks works under the role; each single right is needed for it; nothing else of herald is
-- open to the role, whatever it had before.
CREATE TABLE test.statements (n serial, sql text);
INSERT INTO test.statements (sql) VALUES -- as in src/pg: session.c, ticker.c, replay.c, asker.c, in their order
  ($$SELECT to_regclass('herald.migrations') IS NOT NULL$$), ($$SELECT max(version) FROM herald.migrations$$),
  ($$SELECT herald.attach()$$),
  ($$SELECT herald.cursor_fault(1), h.tick, h.upto, herald.complete() FROM herald.head() h$$), ($$SELECT herald.cursor_fault(1000)$$),
  ($$SELECT herald.revocation_data(r)::text FROM herald.revocations r WHERE r.until IS NULL OR r.until > now()$$),
  ($$SELECT path, topics, events, match, require::text, format, anonymous, authorize FROM herald.streams ORDER BY path$$),
  ($$SELECT herald.follows() = false AND herald.complete()$$), ($$SELECT herald.wake('adaptive')$$),
  ($$SELECT herald.settled(pg_current_xact_id())$$), ($$SELECT max(version)::bigint, herald.stopping(), herald.queue_usage() FROM herald.migrations$$), ($$SELECT herald.tick()$$), ($$SELECT * FROM herald.read(1, 0)$$), ($$SELECT herald.pass_by(2, 1, 'vain')$$),
  ($$SELECT herald.prune(make_interval(secs => 3600), 1000)$$),
  ($$SELECT * FROM herald.replay(0, 0, 1000, '{things}', NULL, '{"owner=ann"}', NULL, NULL, NULL, 10)$$),
  ($$SELECT * FROM herald.replay(2, 1, 1000, '{things}', NULL, '{"owner=ann"}', NULL, NULL, NULL, 10)$$),
  ($$SELECT * FROM herald.replay_many(2, 1, 1000, '[{"topics": ["things"], "key1": ["owner=ann"]}]', 10)$$),
  ($$SELECT herald.entitled('/own', '{"sub": "ann"}', '{}')$$), ($$SELECT herald.asked('/own', '{}', '{}', '{"owner": ["x"]}')$$), ($$SELECT herald.asked('/listed', '{}', '{}', NULL)$$),
  ($$SELECT herald.compares(s) FROM herald.streams s$$),
  ($$SELECT herald.ticket('hash', '{"claims": {"sub": "ann"}}', NULL)$$), ($$SELECT herald.redeem('hash', NULL)$$),
  ($$SELECT herald.renewal('code', '{"claims": {"sub": "ann"}}')$$),
  ($$SELECT method, path, require::text FROM herald.actions ORDER BY method, path$$),
  ($sql$DO $do$ BEGIN IF herald.act('GET', '/a', '{}') ->> 'status' <> '200' THEN RAISE insufficient_privilege; END IF; END $do$ $sql$), -- its own errors are answers
  ($$SELECT herald.act('GET', '/gone', '{}')$$),
  ($$SELECT herald.printed_bytes((repeat('[', 60) || '"' || repeat('x', 9000) || '"' || repeat(']', 60))::jsonb)$$), -- of an answer that is nested deeply
  ($sql$DO $do$ BEGIN PERFORM herald.snapshot('/own', '{}', '{}'); EXCEPTION WHEN invalid_transaction_state THEN NULL; END $do$ $sql$), -- it wants REPEATABLE READ
  ($sql$DO $do$ BEGIN PERFORM herald.refuse_item(2, 1); EXCEPTION WHEN program_limit_exceeded THEN NULL; END $do$ $sql$), ($$SELECT herald.newer(pg_current_snapshot())$$), ($$SELECT herald.cover(1, '{}')$$), ($$SELECT herald.fix_settings()$$),
  ($$SELECT herald.altered()$$), ($$SELECT herald.look(NULL), herald.look('shapes '), herald.look('captures 0')$$), ($$SELECT herald.schema()::text$$),
  ($$SELECT d.* FROM herald.streams s, herald.doubts(s) d$$), ($$SELECT * FROM herald.obstacles()$$), ($$SELECT FROM herald.extents$$), ($$SELECT herald.partition_columns('things'::regclass)$$), -- doctor's
  ($$SELECT herald.forward_from('f', '/own'), herald.forwarded('f', NULL, '1-1', 1), herald.put_aside('f', '1-1', '{}', 'why', 1), herald.put_aside_done('f', 1)$$), -- forward's
  ($$SELECT * FROM herald.put_aside_next('f', 0)$$),
  ($$SELECT herald.explain_change(1)$$), ($$SELECT herald.explain_for('3', 1, '{things}', NULL, NULL, NULL, NULL, NULL)$$), -- explain's
  ($$SELECT * FROM herald.explain_table('things')$$), ($$SELECT herald.explain_told(w, '{}'), herald.explain_xid(1) FROM herald.watches w$$),
  ($sql$DO $do$ BEGIN PERFORM herald.explain_row(w.id, herald.explain_key('things', '1')) FROM herald.watches w WHERE w.target = 'things'::regclass; -- it goes by the caller's rights to the table
    EXCEPTION WHEN insufficient_privilege THEN IF SQLERRM <> 'permission denied for table things' THEN RAISE; END IF; END $do$ $sql$),
  ($$SELECT herald.hangs(w) FROM herald.watches w$$), ($$SELECT herald.is_default(c, w) FROM herald.changes c, herald.watches w$$), ($$SELECT FROM herald.faults$$);

-- test.refused(role): the first of the statements that the role may not run, each tried and undone; NULL: it may all.
CREATE FUNCTION test.refused(role regrole) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  s text;
BEGIN
  FOR s IN SELECT sql FROM test.statements ORDER BY n LOOP
    BEGIN
      EXECUTE format('SET LOCAL ROLE %s', role);
      EXECUTE s;
      RAISE EXCEPTION USING ERRCODE = 'HE000';
    EXCEPTION WHEN SQLSTATE 'HE000' THEN NULL;
      WHEN insufficient_privilege THEN RETURN s || ': ' || SQLERRM;
    END;
  END LOOP;
  RETURN NULL;
END $$;

-- test.rights(role): what it has been granted in herald, as REVOKE takes it.
CREATE FUNCTION test.rights(role regrole) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT format('%s ON SCHEMA herald', a.privilege_type) FROM pg_namespace n, aclexplode(n.nspacl) a
   WHERE n.nspname = 'herald' AND a.grantee = role
  UNION ALL
  SELECT format('%s ON %s', a.privilege_type, c.oid::regclass) FROM pg_class c, aclexplode(c.relacl) a
   WHERE c.relnamespace = 'herald'::regnamespace AND a.grantee = role
  UNION ALL
  SELECT format('%s ON FUNCTION %s', a.privilege_type, p.oid::regprocedure) FROM pg_proc p, aclexplode(p.proacl) a
   WHERE p.pronamespace = 'herald'::regnamespace AND a.grantee = role
$$;

-- test.needed(role, r): is a statement refused without this right?
CREATE FUNCTION test.needed(role regrole, r text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  refused text;
BEGIN
  EXECUTE format('REVOKE %s FROM %s', r, role);
  refused := test.refused(role);
  EXECUTE format('GRANT %s TO %s', r, role);
  RETURN refused IS NOT NULL;
END $$;

SELECT plan(22);
CREATE TABLE things (id int PRIMARY KEY, owner text);
SELECT herald.watch('things', audience => '{owner}', numbers => 'text');
SELECT herald.stream('/own', '{things}', match => '{"owner": "claims.sub"}');
CREATE TABLE ruled (id int PRIMARY KEY);
SELECT herald.watch('ruled'), herald.rule('ruled', 'made', 'insert', data => 'jsonb_build_object(''ids'', jsonb_build_array(NEW.id))');
SELECT herald.stream('/ruled', '{ruled}');
CREATE FUNCTION public.lists(claims jsonb, params jsonb) RETURNS SETOF text LANGUAGE sql AS $$ SELECT 'x' $$;
SELECT herald.stream('/listed', '{things}', match => '{"owner": "function:public.lists"}');
SELECT herald.revoke(sub => 'bob');
CREATE FUNCTION public.a(request jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT ''{}''::jsonb';
SELECT herald.action('GET', '/a', 'public.a');
INSERT INTO things VALUES (1, 'ann'), (2, 'bob');
SELECT herald.tick();
SELECT 'herald_daemon_' || pg_backend_pid() AS daemon, 'herald_other_' || pg_backend_pid() AS other \gset
CREATE ROLE :daemon;
CREATE ROLE :other;
SELECT isnt(test.refused(:'daemon'), NULL, 'a role without rights cannot serve');

GRANT CREATE ON SCHEMA herald TO :daemon;
GRANT ALL ON ALL TABLES IN SCHEMA herald TO :daemon;
GRANT ALL ON ALL SEQUENCES IN SCHEMA herald TO :daemon;
GRANT ALL ON ALL FUNCTIONS IN SCHEMA herald TO :daemon WITH GRANT OPTION;
SELECT lives_ok(format('SELECT herald.grant_daemon(%L)', :'daemon'), 'it is granted');
SELECT is(test.refused(:'daemon'), NULL, 'all that serve asks works');
SELECT array_agg(r ORDER BY r) AS before FROM test.rights(:'daemon') r \gset
SELECT herald.grant_daemon(:'daemon');
SELECT is((SELECT array_agg(r ORDER BY r) FROM test.rights(:'daemon') r)::text, :'before', 'again changes nothing');
SELECT is((SELECT array_agg(r) FROM test.rights(:'daemon') r WHERE NOT test.needed(:'daemon', r)), NULL, 'without any one of its rights something is refused');

SELECT is((SELECT array_agg(c.relname ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace AND c.relkind IN ('r', 'v')
              AND has_table_privilege(:'daemon', c.oid, 'SELECT')), '{actions,changes,extents,faults,migrations,revocations,rules,streams,ticks,unreadable,watches}', 'it reads eleven tables');
SELECT is((SELECT array_agg(c.relname) FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace AND c.relkind IN ('r', 'v')
              AND has_table_privilege(:'daemon', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')), NULL, 'it writes to none');
SELECT is((SELECT array_agg(c.relname) FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace
              AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(:'daemon', c.oid, 'USAGE, SELECT, UPDATE') END), NULL, 'draws no id');
SELECT ok(NOT has_schema_privilege(:'daemon', 'herald', 'CREATE'), 'makes nothing');
SELECT is((SELECT count(*) FROM pg_shdepend d WHERE d.refobjid = :'daemon'::regrole AND d.deptype = 'o'), 0::bigint, 'and owns nothing');
SELECT ok(NOT EXISTS (SELECT FROM test.rights(:'daemon') r, unnest('{mute,publish,watch,unwatch,rule,unrule,stream,unstream,revoke,recheck,tell_gate,grant_daemon,let_daemon,ring,last_tick,restart}'::text[]) f
                       WHERE r LIKE 'EXECUTE ON FUNCTION herald.' || f || '(%'), 'nor has it what administers');
SET ROLE :daemon;
SELECT throws_ok(f, '42501', NULL, 'it is refused: ' || f) FROM unnest(ARRAY[$$SELECT herald.publish('t', 'e', '1')$$, $$SELECT herald.revoke(sub => 'x')$$,
  $$SELECT herald.stream('/x', '{things}')$$, $$DELETE FROM herald.changes$$, $$SELECT * FROM herald.tickets$$]) f;
RESET ROLE;

-- An upgrade brings functions and drops others: who serves is given the new ones, and nobody else is.
GRANT USAGE ON SCHEMA herald TO :other;
GRANT EXECUTE ON FUNCTION herald.attach, herald.publish TO :other;
DROP FUNCTION herald.head, herald.ticket;
\ir ../../sql/install.sql
SET client_min_messages = warning;
SELECT is(test.refused(:'daemon'), NULL, 'after an upgrade it serves as before');
SELECT is((SELECT array_agg(r ORDER BY r) FROM test.rights(:'daemon') r), :'before'::text[], 'with the same rights');
SELECT is((SELECT count(*) FROM test.rights(:'other')), 3::bigint, 'and one that has rights of another kind keeps these and gets no more');

SELECT throws_ok('SELECT herald.grant_daemon(current_user::regrole)', '0LP01', NULL, 'who owns the schema cannot be given less');
SELECT throws_ok('SELECT herald.grant_daemon(NULL)', '0LP01', NULL, 'nor can nobody');
SELECT throws_ok($$SELECT herald.grant_daemon('nobody_of_this_name')$$, '42704', NULL, 'nor a role that is not there');
DROP OWNED BY :daemon, :other;
DROP ROLE :daemon, :other;
SELECT finish();
