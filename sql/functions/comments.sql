-- What psql shows of the tables with \dt+ herald.* and \d+ herald.changes.
-- The comment of a table for users begins with "Public", that of any other with "Internal".
-- COMMENT takes a lock that VACUUM takes too. Readers and writers do not wait for it.
-- So a comment is written only where it differs. Where the lock cannot be had in time, the next
-- installation writes it.
-- Views and functions have their comments beside their definitions (status.sql, watch.sql, ...).
-- A column that an upgrade adds at its very end has its comment there (log_columns.sql).
DO $do$
DECLARE
  t record;
BEGIN
  FOR t IN
    SELECT r.relation::oid AS relation,
           string_agg(CASE WHEN k.name IS NULL THEN format('COMMENT ON TABLE %s IS %L', r.relation, k.says)
                           ELSE format('COMMENT ON COLUMN %s.%I IS %L', r.relation, k.name, k.says) END, '; ' ORDER BY a.attnum NULLS FIRST) AS ddl
      FROM (VALUES
    ('changes', NULL, 'Public: the change log, one row an event. Only herald.read and herald.replay know what is visible, and in which order. herald.event_data(c) gives the data of a row as subscribers get it.'),
    ('changes', 'id', 'Number of the event. For one row of a table, ids rise in the order of commits. Gaps are normal.'),
    ('changes', 'xid', 'Transaction of the writer. Ticks are made of it.'),
    ('changes', 'topic', 'What the event is about: the topic of the watch, or that of herald.publish. Topics that begin with ! are for the daemon.'),
    ('changes', 'event', 'Name of the event, such as orders.update, left, bulk, or the name that a rule gives.'),
    ('changes', 'audience', 'Routing keys, column=value: who may see the event. {*}: everyone on the topic. A NULL element matches nobody.'),
    ('changes', 'unless', 'Of a left event: not for those whose keys match this too. Else NULL.'),
    ('changes', 'data', 'Data of a rule or of herald.publish. Of a default event its constant members; the reader adds key, row, old and changed.'),
    ('changes', 'key', 'Primary key of the row, {"column": value}. NULL where data is whole.'),
    ('changes', 'row_now', 'Of a default event: the row after the change. NULL where there is none, or where it is too long.'),
    ('changes', 'row_was', 'Of a default event: the row before the change. NULL where there is none, or where it is too long.'),
    ('changes', 'rung', 'Its default rings the doorbell, so whatever writes to the log rings. The value says whether it rang; nothing reads it.'),

    ('ticks', NULL, 'Public: the total order. A tick is a batch of changes, the difference of two snapshots. Written by herald.tick() only.'),
    ('ticks', 'id', 'Number of the tick. <id>-<change> is the id of an event, and a cursor.'),
    ('ticks', 'since', 'The tick holds what is visible in snapshot and was not visible in since.'),
    ('ticks', 'snapshot', 'The tick holds what is visible in this snapshot and was not visible in since.'),
    ('ticks', 'upto', 'No change of this tick has a higher id: <id>-<upto> is the cursor after the tick.'),
    ('ticks', 'origin', 'Which history the tick is of: <system identifier>/<timeline>/<database>/<table>/<start of the server>.'),
    ('ticks', 'at', 'When it was made.'),

    ('watches', NULL, 'Public: the watched tables. Written by herald.watch and herald.unwatch.'),
    ('watches', 'id', 'A part of the names of its trigger functions.'),
    ('watches', 'target', 'The table.'),
    ('watches', 'topic', 'What streams ask for.'),
    ('watches', 'audience', 'Routing columns.'),
    ('watches', 'columns', 'Default events show only these columns. NULL: all.'),
    ('watches', 'exclude', 'No default event shows these columns. They reach herald.changes only as routing keys, or by a rule that names them.'),
    ('watches', 'tag', 'A part of the names of its trigger functions, so that no other database has functions of these names.'),
    ('watches', 'hidden', 'Numbers of the columns in exclude, so that a column which gets another name stays hidden.'),
    ('watches', 'numbers', 'How int8 and numeric columns are told: as number, or as text.'),

    ('rules', NULL, 'Public: the typed events of watched tables. Written by herald.rule and herald.unrule.'),
    ('rules', 'id', 'Rules of a table are evaluated in this order.'),
    ('rules', 'target', 'The watched table.'),
    ('rules', 'event', 'Name of the event.'),
    ('rules', 'operation', 'insert, update, delete, truncate or any.'),
    ('rules', 'condition', 'SQL over NEW and OLD. true: always.'),
    ('rules', 'data', 'SQL over NEW and OLD that yields jsonb. NULL: the data of a default event.'),

    ('streams', NULL, 'Public: the addresses that subscribers open. Written by herald.stream and herald.unstream.'),
    ('streams', 'path', 'Path of the address; :name takes one segment as parameter.'),
    ('streams', 'topics', 'What is streamed.'),
    ('streams', 'match', '{"<audience key>": "claims.x", "params.x", "=literal" or "function:schema.name"}. All keys must match.'),
    ('streams', 'events', 'Only these event names. NULL: all.'),
    ('streams', 'require', '{"<claim>": [allowed values]}, or an array of such objects of which one must hold.'),
    ('streams', 'authorize', 'Function (claims jsonb, params jsonb) returns boolean that is asked at every opening. NULL: none.'),
    ('streams', 'snapshot', 'Function (claims jsonb, params jsonb) returns setof jsonb that yields the state a new subscriber gets first. NULL: none.'),
    ('streams', 'format', 'named (the name in an event: line) or message (the name as "type" within data).'),
    ('streams', 'sealed', 'Data goes out encrypted.'),
    ('streams', 'anonymous', 'No token is asked for.'),
    ('streams', 'recheck', '{"<schema.table>": "<column of the subject>" or null}: a change there asks authorize again.'),

    ('actions', NULL, 'Public: HTTP methods and paths that SQL functions serve. Written by herald.action and herald.unaction.'),
    ('actions', 'method', 'GET, POST, PUT, PATCH or DELETE.'),
    ('actions', 'path', 'Path; :name takes one segment as parameter.'),
    ('actions', 'function', 'Function (request jsonb) returns jsonb, as it stands in SQL text.'),
    ('actions', 'require', 'What the claims must hold, as in herald.streams.'),

    ('revocations', NULL, 'Public: tokens that are not accepted any more. herald.revoke writes here; rows may be inserted by hand too. A row that appears ends the streams of such tokens at once.'),
    ('revocations', 'id', 'Number of the row.'),
    ('revocations', 'jti', 'The one token with this id. Either jti or sub is given.'),
    ('revocations', 'sub', 'All tokens of this subject that were issued up to at, the second of at included.'),
    ('revocations', 'at', 'When it was revoked.'),
    ('revocations', 'until', 'When the row may be forgotten: the latest end of such a token. NULL: never.'),

    ('unreadable', NULL, 'Public: changes that the server could not hand out. Subscribers got bulk (fault) in their place. Rows go when the log is pruned.'),
    ('unreadable', 'change', 'Id of the change.'),
    ('unreadable', 'tick', 'The tick that holds it.'),
    ('unreadable', 'topic', 'Its topic.'),
    ('unreadable', 'xid', 'Transaction that wrote it.'),
    ('unreadable', 'at', 'When it was found out.'),
    ('unreadable', 'reason', 'What the server said.'),

    ('forwards', NULL, 'Public: streams that pgherald forward posts to other servers. Written by that command. A row that is deleted is forgotten, with what was put aside.'),
    ('forwards', 'name', 'Name of the forward.'),
    ('forwards', 'stream', 'Path of the stream, as it is asked for.'),
    ('forwards', 'cursor', 'All up to here was posted. NULL: nothing yet.'),
    ('forwards', 'posted', 'How many events the receiver has taken.'),
    ('forwards', 'at', 'When the cursor moved last.'),

    ('undelivered', NULL, 'Public: events that the receiver of a forward did not take. pgherald forward --again posts them once more. Rows may be deleted.'),
    ('undelivered', 'forward', 'Name of the forward.'),
    ('undelivered', 'number', 'Number of the row.'),
    ('undelivered', 'id', 'Id of the event.'),
    ('undelivered', 'body', 'What was posted.'),
    ('undelivered', 'reason', 'Why it was not taken.'),
    ('undelivered', 'attempts', 'How often it was posted.'),
    ('undelivered', 'at', 'When it was put aside.'),

    ('migrations', NULL, 'Public: which migrations have been applied here. Written by the installers.'),
    ('migrations', 'version', 'Number of the migration.'),
    ('migrations', 'name', 'Its file in sql/migrations, without .sql.'),
    ('migrations', 'applied_at', 'When it was applied.'),

    ('settings', NULL, 'Internal: one row, how writers wake the ticker (herald.wake).'),
    ('faults', NULL, 'Internal: the last fault of each watched table''s capture. herald.status shows them.'),
    ('bulks', NULL, 'Internal: bulk events that wait for the end of their transaction.'),
    ('untold', NULL, 'Internal: topics with changes that their capture could not tell. The next tick tells bulk of them.'),
    ('tickets', NULL, 'Internal: hashes of tickets that are not used up.'),
    ('shapes', NULL, 'Internal: what the events of each topic looked like when that was last told, as a fingerprint.'),
    ('reshapes', NULL, 'Internal: schema events that wait for the end of their transaction.'),
    ('extents', NULL, 'Internal: what each watched table consisted of at the last look, and marks that DDL changes. Where that differs now, subscribers are told bulk (ddl).'),
    ('rechecks', NULL, 'Internal: what each table that a stream names in recheck was at the last look. Where that differs now, authorize is asked again for everyone.'),
    ('survivor', NULL, 'Internal: has one row until the server crashes.'),
    ('pruned', NULL, 'Internal: one row, up to where the log has been pruned.')) AS k(relation, name, says)
     CROSS JOIN LATERAL (SELECT to_regclass('herald.' || k.relation) AS relation) r
      LEFT JOIN pg_attribute a ON a.attrelid = r.relation AND a.attname = k.name AND NOT a.attisdropped
     WHERE (k.name IS NULL OR a.attnum IS NOT NULL)
       AND CASE WHEN k.name IS NULL THEN obj_description(r.relation, 'pg_class') ELSE col_description(r.relation, a.attnum) END IS DISTINCT FROM k.says
     GROUP BY r.relation
  LOOP
    -- 2 s: autovacuum gives way to a session that has waited for deadlock_timeout, as a rule 1 s
    BEGIN
      PERFORM herald.patiently(t.ddl, ARRAY[t.relation], least(herald.patience(), '3 s'), '{AccessShareLock,RowShareLock,RowExclusiveLock}', 2000);
    EXCEPTION WHEN lock_not_available OR insufficient_privilege THEN
      NULL;
    END;
  END LOOP;
END $do$;
