/* SPDX-License-Identifier: PostgreSQL */
/* doctor_tables.c: what has happened to the watched tables, and whose locks stop their writers. */
#include "cmd/doctor.h"

#define THIS_DATABASE "(SELECT oid FROM pg_database WHERE datname = current_database())"

/*
 * Partitions on all levels, by pg_inherits. The function pg_partition_tree would wait for a session
 * that has one locked.
 */
#define PARTITIONS                                                                                 \
	"WITH RECURSIVE tree AS (SELECT w.target, w.target::oid AS oid FROM herald.watches w "     \
	"JOIN pg_class c ON c.oid = w.target AND c.relkind = 'p'"                                  \
	"  UNION ALL SELECT t.target, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = " \
	"t.oid)"

static const struct doctor_check names = {
	"names",
	"SELECT 'no', w.topic, format('what was watched as %I.%I is called %s now, and what is "
	"called so is not watched', e.schema, e.name, w.target),"
	"       format('pgherald watch %I.%I', e.schema, e.name)"
	"  FROM herald.extents e JOIN herald.watches w ON w.id = e.watch JOIN pg_class t ON t.oid "
	"= w.target"
	"  JOIN pg_namespace n ON n.nspname = e.schema JOIN pg_class o ON o.relnamespace = n.oid "
	"AND o.relname = e.name AND o.relkind IN ('r', 'p')"
	" WHERE o.oid <> w.target AND NOT EXISTS (SELECT FROM herald.watches x WHERE x.target = "
	"o.oid)",
	"no other table has taken the name of a watched one",
};

/*
 * Each change of such a table is a fault. Otherwise an excluded column that got another name would
 * go out.
 */
static const struct doctor_check columns = {
	"columns",
	"SELECT '!', w.target::text, format('its watch names %s in %s, and there is no such column "
	"any more', string_agg(quote_literal(n), ', '), k.part),"
	"       format('watch it again and say %s: has the column got another name?', k.part)"
	"  FROM herald.watches w JOIN pg_class c ON c.oid = w.target, LATERAL (VALUES ('audience', "
	"w.audience), ('columns', w.columns), ('exclude', w.exclude)) k(part, names),"
	"       unnest(k.names) n WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = "
	"c.oid AND a.attname = n AND a.attnum > 0 AND NOT a.attisdropped)"
	" GROUP BY w.target, k.part",
	"each watch names columns that are there",
};

static const struct doctor_check children = {
	"children",
	"SELECT 'no', w.target::text, format('has %s by INHERITS: changes of rows there reach "
	"nobody', string_agg(i.inhrelid::regclass::text, ', ' ORDER BY i.inhrelid)),"
	"       string_agg(format('pgherald watch %s --topic %L', i.inhrelid::regclass, w.topic), "
	"'; ' ORDER BY i.inhrelid)"
	"  FROM herald.watches w JOIN pg_class c ON c.oid = w.target AND c.relkind = 'r' JOIN "
	"pg_inherits i ON i.inhparent = c.oid"
	" WHERE NOT EXISTS (SELECT FROM herald.watches x WHERE x.target = i.inhrelid) GROUP BY "
	"w.id, w.target, w.topic"
	" UNION ALL "
	"SELECT '-', w.target::text, 'is UNLOGGED: a crash empties it, and then subscribers are "
	"told to fetch anew', NULL"
	"  FROM herald.watches w JOIN pg_class c ON c.oid = w.target WHERE c.relpersistence = 'u'",
	"none has rows where its triggers do not see them",
};

/*
 * The file doctor_streams.c looks at the triggers of the table itself. Partitions have clones of
 * its row triggers.
 */
static const struct doctor_check partitions = {
	"partitions",
	PARTITIONS
	" SELECT 'no', t.oid::regclass::text, format('trigger %I is disabled: its changes reach "
	"nobody', g.tgname),"
	"        format('ALTER TABLE %s ENABLE TRIGGER %I', t.oid::regclass, g.tgname)"
	"   FROM tree t JOIN pg_trigger g ON g.tgrelid = t.oid AND g.tgname ~ '^[!~]herald_' AND "
	"g.tgenabled IN ('D', 'R') WHERE t.oid <> t.target"
	" UNION ALL "
	"SELECT '-', t.target::text, format('TRUNCATE of %s by its own name would reach nobody: %s "
	"partitions have come since it was watched',"
	"       min(t.oid::regclass::text), count(*)), format('pgherald watch %s', t.target)"
	"  FROM tree t JOIN pg_class c ON c.oid = t.oid AND c.relkind IN ('r', 'p')"
	" WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgname = "
	"'!herald_truncated') GROUP BY t.target"
	" UNION ALL "
	"SELECT '!', w.target::text, 'an UPDATE that moves a row to another partition is told by "
	"rules for delete, insert and any, not by those for update',"
	"       'in place of a rule for any: one each for insert, update and delete; where columns "
	"are generated and stored: rules for insert too'"
	"  FROM herald.watches w JOIN pg_class c ON c.oid = w.target AND c.relkind = 'p'"
	" WHERE EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target AND r.operation = "
	"'update')"
	"   AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = w.target AND g.tgname = "
	"'~herald_moved')"
	" UNION ALL "
	"SELECT 'no', w.target::text, format('an UPDATE of %s that moves a row to another "
	"partition reaches nobody by rules for update: partitions have come since', k.missing),"
	"       format('pgherald watch %s', w.target)"
	"  FROM herald.watches w JOIN pg_trigger g ON g.tgrelid = w.target AND g.tgname = "
	"'~herald_moved',"
	"       LATERAL (SELECT string_agg(c, ', ') AS missing FROM "
	"unnest(herald.partition_columns(w.target)) c"
	"                 WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = "
	"g.tgrelid AND a.attname = c AND a.attnum = ANY (g.tgattr::int2[]))) k"
	" WHERE k.missing IS NOT NULL",
	"all have their triggers",
};

/*
 * A lock that is held only for a moment is no news. A lock that is waited for also stops all
 * writers that come later. Locks of the log are looked at in doctor_log.c.
 */
static const struct doctor_check table_locks = {
	"locks of tables",
	"SELECT '!', coalesce('pid ' || l.pid, 'a prepared transaction'), format('%s %s on %s for "
	"%s (%s, %s): its writers wait',"
	"       CASE WHEN l.granted THEN 'has' ELSE 'waits for' END, l.mode, l.relation::regclass, "
	"s.age, coalesce(nullif(a.application_name, ''), 'no name'),"
	"       coalesce(a.state, '?')) || CASE WHEN l.granted THEN '' ELSE ', who come after it; "
	"before it is pid ' || array_to_string(pg_blocking_pids(l.pid), ', ') END,"
	"       format('let it end, or: SELECT pg_terminate_backend(%s)', CASE WHEN l.granted THEN "
	"l.pid ELSE (pg_blocking_pids(l.pid))[1] END)"
	"  FROM herald.watches w JOIN pg_locks l ON l.relation = w.target AND l.database "
	"= " THIS_DATABASE "  LEFT JOIN pg_stat_activity a USING (pid),"
	"  LATERAL (SELECT date_trunc('second', clock_timestamp() - CASE WHEN l.granted THEN "
	"a.xact_start ELSE l.waitstart END) AS age) s"
	" WHERE l.pid IS DISTINCT FROM pg_backend_pid() AND coalesce(s.age >= interval '5 s', "
	"l.granted)"
	"   AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', "
	"'AccessExclusiveLock')"
	" ORDER BY l.granted DESC, s.age DESC LIMIT 10",
	"nobody stops writers of a watched table",
};

/* A safety poll of the daemon follows DDL. So right after it this is no news. */
static const struct doctor_check altered = {
	"altered",
	"SELECT '-', t::text, 'was altered, and its capture has not followed yet: what it cannot "
	"tell goes out as bulk',"
	"       concat_ws(', ', 'a daemon follows within its poll-interval',"
	"         (SELECT 'unless an event trigger fails or takes long: ' || string_agg(e.evtname, "
	"', ') FROM pg_event_trigger e WHERE e.evtenabled <> 'D' AND e.evtevent <> 'login'))"
	"  FROM herald.altered() t LIMIT 10",
	"captures have followed what ALTER has changed",
};

/* Rules of an older version go on. EventSource calls onerror, onopen and onmessage for these. */
static const struct doctor_check events = {
	"events",
	"SELECT '!', r.target::text, format('its rule %L has a name that EventSource dispatches "
	"itself: pages take the event for something else', r.event),"
	"       format('SELECT herald.unrule(%L, %L), and a rule of another name', r.target, "
	"r.event)"
	"  FROM herald.rules r WHERE r.event IN ('error', 'open', 'message', 'ping') GROUP BY "
	"r.target, r.event",
	"each rule's name is free for events",
};

void doctor_tables(struct doctor *d)
{
	doctor_check(d, &names, NULL);
	doctor_check(d, &columns, NULL);
	doctor_check(d, &altered, NULL);
	doctor_check(d, &events, NULL);
	doctor_check(d, &children, NULL);
	doctor_check(d, &partitions, NULL);
	doctor_check(d, &table_locks, NULL);
}
