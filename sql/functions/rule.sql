-- herald.rule(target, event, operation, condition, data): a typed event of a watched table, instead
-- of the default ones.
--   event      its name
--   operation  insert, update, delete, truncate or any
--   condition  SQL over NEW and OLD. NULL: always. It is evaluated before data is built
--   data       SQL over NEW and OLD that yields jsonb. NULL: the default data
-- One change may fulfil several rules. Then it yields several events, in the order the rules were
-- made.
-- The same event, operation and condition again replace data. Without data that is the default
-- data.
-- Expressions run in the writer's transaction, with pg_catalog as search path. A backslash in them
-- is one, whatever standard_conforming_strings the writer has.
-- Writes herald.rules and makes the trigger function again. Raises where an expression does not
-- compile.
CREATE OR REPLACE FUNCTION herald.rule(
  target regclass, event text, operation text, condition text DEFAULT NULL, data text DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
  PERFORM herald.check_name('event', event);
  IF operation NOT IN ('insert', 'update', 'delete', 'truncate', 'any') OR operation IS NULL THEN
    RAISE EXCEPTION 'pgherald: operation % is unknown', coalesce(quote_literal(operation), 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'One of insert, update, delete, truncate, any.';
  END IF;
  PERFORM herald.hold(target); -- before it looks: somebody may be taking the watch away
  IF NOT EXISTS (SELECT FROM herald.watches w WHERE w.target = target) THEN
    RAISE EXCEPTION 'pgherald: table ''%'' is not watched', target
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('SELECT herald.watch(%L) first.', target);
  END IF;
  PERFORM herald.check_expression(target, 'condition', condition, 'boolean');
  PERFORM herald.check_expression(target, 'data', data, 'jsonb');
  INSERT INTO herald.rules (target, event, operation, condition, data) VALUES (target, event, operation, coalesce(condition, 'true'), data)
  ON CONFLICT ON CONSTRAINT rules_meaning DO UPDATE SET data = excluded.data;
  PERFORM herald.reshape(w.topic), herald.capture(w) FROM herald.watches w WHERE w.target = target;
END $$;
COMMENT ON FUNCTION herald.rule(regclass, text, text, text, text) IS
  'Public: gives the watched table target a typed event in place of the default ones. operation: '
  'insert, update, delete, truncate or any. condition: SQL over NEW and OLD, NULL for always. '
  'data: SQL over NEW and OLD that yields jsonb, NULL for the data of a default event. The same '
  'event, operation and condition again replace data. Raises for a table that is not watched, '
  'for an expression that does not compile, and lock_not_available.';

-- herald.check_expression(target, what, expression, type): raises unless it is one SQL expression
-- over NEW and OLD of the table that yields the type.
-- The server plans it over no rows, with the names it will be run with. So a column that does not
-- exist is found here, and not by the next writer. A cursor takes one statement only.
CREATE OR REPLACE FUNCTION herald.check_expression(target regclass, what text, expression text, type text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on AS $$
DECLARE
  plan refcursor;
BEGIN
  IF expression IS NULL THEN
    RETURN;
  END IF;
  OPEN plan FOR EXECUTE format(
    E'SELECT CASE WHEN true THEN NULL::%2$s ELSE (%1$s\n) END FROM unnest(NULL::%3$s[]) AS new, unnest(NULL::%3$s[]) AS old',
    expression, type, target);
  CLOSE plan;
EXCEPTION WHEN syntax_error_or_access_rule_violation OR data_exception OR invalid_cursor_definition THEN
  RAISE EXCEPTION 'pgherald: the rule''s % is not usable: %', what, SQLERRM
    USING ERRCODE = 'syntax_error',
          HINT = format('One SQL expression over NEW and OLD that yields %s; names outside pg_catalog need their schema.', type);
END $$;

-- herald.unrule(target, event): takes the rules of this event away. Where event is NULL it takes
-- all rules of the table.
CREATE OR REPLACE FUNCTION herald.unrule(target regclass, event text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
  PERFORM herald.hold(target);
  DELETE FROM herald.rules r WHERE r.target = target AND (event IS NULL OR r.event = event);
  PERFORM herald.reshape(w.topic), herald.capture(w) FROM herald.watches w WHERE w.target = target;
END $$;
COMMENT ON FUNCTION herald.unrule(regclass, text) IS
  'Public: takes the rules of this event away from the table target; all its rules where event '
  'is NULL. Raises lock_not_available where the table cannot be locked within lock_timeout (30 s '
  'if that is 0).';
