-- herald.grant_daemon(daemon): gives the least rights to the role that `pgherald serve` connects
-- as.
--   CREATE ROLE pgherald LOGIN;  SELECT herald.grant_daemon('pgherald');
-- The role owns nothing and writes to no table. Functions that run with the rights of herald's
-- owner write for it.
-- It grants the list of herald.let_daemon, and revokes whatever else the role itself had in the
-- schema herald. Called again it does the same.
-- What the role has as a member of other roles, or as a superuser, cannot be revoked here. Then
-- this warns.
-- The owner of herald calls it.
CREATE OR REPLACE FUNCTION herald.grant_daemon(daemon regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  fn regprocedure;
BEGIN
  IF daemon IS NULL OR daemon = (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'herald') THEN
    RAISE EXCEPTION 'pgherald: %', coalesce(format('role ''%s'' owns the schema herald and cannot have less', daemon), 'no role given')
      USING ERRCODE = 'invalid_grant_operation', HINT = 'Give one of its own: CREATE ROLE pgherald LOGIN.';
  END IF;
  PERFORM herald.take_turn(), pg_advisory_xact_lock(1751478881, 6); -- one at a time
  EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA herald FROM %1$s CASCADE; REVOKE ALL ON ALL SEQUENCES IN SCHEMA herald FROM %1$s CASCADE;'
                 'REVOKE ALL ON SCHEMA herald FROM %1$s CASCADE', daemon);
  -- only where there is something to revoke: an installation that waits has replaced some already
  FOR fn IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'herald'::regnamespace AND EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = daemon) LOOP
    EXECUTE format('REVOKE ALL ON ROUTINE %s FROM %s CASCADE', fn, daemon);
  END LOOP;
  PERFORM herald.let_daemon(daemon);
  IF has_table_privilege(daemon, 'herald.changes', 'INSERT, UPDATE, DELETE, TRUNCATE') OR has_schema_privilege(daemon, 'herald', 'CREATE') THEN
    RAISE WARNING 'pgherald: role ''%'' may do more than serve needs', daemon
      USING HINT = 'It is a superuser, or a member of a role that may: choose another one for the daemon.';
  END IF;
END $$;
COMMENT ON FUNCTION herald.grant_daemon(regrole) IS
  'Public: gives the role daemon the least rights that pgherald serve needs, and takes all '
  'others that it has in the schema herald. Raises for the owner of the schema. Warns where the '
  'role has more by membership or as a superuser.';

-- herald.let_daemon(daemon): grants what serve needs, no more and no less
-- (the_daemons_role_has_the_least_rights).
-- The planner puts the text of functions without rights of their own into the caller's query. So
-- these are in the list, and so is SELECT on what they read.
CREATE OR REPLACE FUNCTION herald.let_daemon(daemon regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format(
    'GRANT USAGE ON SCHEMA herald TO %1$s;'
    'GRANT SELECT ON herald.migrations, herald.changes, herald.ticks, herald.unreadable, herald.streams, herald.actions, herald.revocations, herald.watches, herald.rules, herald.extents, herald.faults TO %1$s;'
    'GRANT EXECUTE ON FUNCTION herald.attach, herald.follows, herald.complete, herald.same_cluster, herald.origin, herald.head, herald.first_tick,' -- where the log stands
    ' herald.cursor_fault, herald.read, herald.batch, herald.replay, herald.rest, herald.writers, herald.is_of, herald.is_for, herald.may_see,' -- reading
    ' herald.cut, herald.short, herald.too_long, herald.told_bytes, herald.pass_by, herald.replay_many, herald.rest_many, herald.is_for_any,' -- several streams in one connection
    ' herald.wake, herald.settled, herald.tick, herald.stopping, herald.queue_usage, herald.prune, herald.look,' -- the ticker
    ' herald.revocation_data, herald.entitled, herald.ticket, herald.redeem, herald.renewal, herald.asked, herald.listed, herald.most_values, herald.typed, herald.compares, herald.key_way, herald.routing_way, herald.routing_type, herald.written,' -- the gate
    ' herald.act, herald.action_function, herald.act_claims, herald.act_answer, herald.act_error, herald.printed_bytes, herald.deep_bytes,' -- actions
    ' herald.forward_from, herald.forwarded, herald.put_aside, herald.put_aside_next, herald.put_aside_done,' -- forward, as the same role
    ' herald.snapshot, herald.refuse_item, herald.newer, herald.cover, herald.fix_settings, herald.fixed_settings,' -- states
    ' herald.doubts, herald.altered, herald.has_policies, herald.table_named, herald.obstacles, herald.partition_columns, herald.tables_of,' -- doctor, as the same role
    ' herald.explain_change, herald.explain_for, herald.hangs, herald.is_default,'
    ' herald.explain_table, herald.explain_keys, herald.explain_key, herald.explain_given, herald.explain_row, herald.explain_found, herald.explain_told, herald.explain_xid,' -- explain, as the same role
    ' herald.schema, herald.stream_head, herald.watched, herald.event_schemas, herald.rule_schema, herald.try_rule, herald.rule_texts, herald.told,' -- the contract
    ' herald.sample_rows, herald.sample_row, herald.sample_text, herald.can_be,'
    ' herald.shape, herald.is_literal, herald.column_of, herald.object_shape, herald.array_shape, herald.any_of, herald.or_null, herald.type_schema,'
    ' herald.column_schemas, herald.is_filled, herald.listed_values, herald.default_events, herald.default_schema, herald.row_name, herald.row_schema, herald.key_schema,'
    ' herald.told_schemas, herald.text_columns, herald.wide_number, herald.as_texts, herald.key_columns, herald.tells_column, herald.wire_schema, herald.control_schemas, herald.control_data, herald.shared_schemas TO %1$s',
    daemon);
END $$;

-- Roles that serve already get what this version needs and the one before did not have.
DO $$
BEGIN
  PERFORM herald.let_daemon(a.grantee::regrole)
     FROM pg_proc p, aclexplode(p.proacl) a
    WHERE p.oid = 'herald.attach()'::regprocedure AND a.grantee NOT IN (0, p.proowner) AND has_table_privilege(a.grantee, 'herald.changes', 'SELECT');
END $$;
