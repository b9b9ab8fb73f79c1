/* SPDX-License-Identifier: PostgreSQL */
/* doctor_log.c: does what is committed become ticks, does what is old go, and is there room? */
#include "cmd/doctor.h"

#include <inttypes.h>
#include <stdio.h>

#define THIS_DATABASE "(SELECT oid FROM pg_database WHERE datname = current_database())"
#define LAST_TICK "(SELECT * FROM herald.ticks ORDER BY id DESC LIMIT 1)"

/* The instance with the role holds advisory lock 1 as long as its session lives. */
static const struct doctor_check ticker = {
	"ticker",
	"SELECT 'ok', NULL::text, format('server process %s has the role; the last tick is %s, %s "
	"ago', l.pid, t.id,"
	"       date_trunc('second', clock_timestamp() - t.at)), NULL::text"
	"  FROM pg_locks l, " LAST_TICK " t"
	" WHERE l.locktype = 'advisory' AND l.classid = 1751478881 AND l.objid = 1 AND l.granted "
	"AND l.database = " THIS_DATABASE " UNION ALL "
	"SELECT '!', NULL, format('no instance has the role: what is committed reaches nobody, and "
	"nothing is pruned; the last tick was made %s ago',"
	"       date_trunc('second', clock_timestamp() - t.at)),"
	"       'pgherald serve; where none is to run, let cron prune each five minutes: psql -c "
	"\"SELECT herald.prune(''24:00:00'', 1000000)\"'"
	"  FROM " LAST_TICK " t WHERE NOT EXISTS (SELECT FROM pg_locks l"
	"   WHERE l.locktype = 'advisory' AND l.classid = 1751478881 AND l.objid = 1 AND l.granted "
	"AND l.database = " THIS_DATABASE ")",
	"",
};

/*
 * A change has no time. But if it waits while the last tick is old, it has missed at least one poll
 * since.
 */
static const struct doctor_check waiting = {
	"committed",
	"SELECT '!', NULL, format('changes wait for a tick, and the last one was made %s ago', "
	"date_trunc('second', clock_timestamp() - t.at)),"
	"       'run doctor again: if they wait still, start a daemon, or read the log of the one "
	"that has the role of the ticker'"
	"  FROM " LAST_TICK " t WHERE t.at < clock_timestamp() - interval '10 s' AND EXISTS "
	"(SELECT FROM herald.changes c"
	"   WHERE c.xid >= pg_snapshot_xmin(t.snapshot) AND NOT pg_visible_in_snapshot(c.xid, "
	"t.snapshot))",
	"no change waits for a tick",
};

/*
 * This check comes first, because the others read tables that may be locked. A process that does
 * not end when it is told to is frozen itself.
 */
static const struct doctor_check locks = {
	"locks",
	"SELECT 'no', 'pid ' || o.holder, format('%s waiting for %s, since %s: process %s is in "
	"the way (%s)',"
	"       CASE o.waiters WHEN 1 THEN format('process %s is', o.pid) ELSE format('%s "
	"processes are', o.waiters) END, o.waits_for,"
	"       date_trunc('second', clock_timestamp() - o.since), o.holder, o.held_by),"
	"       CASE WHEN o.holder = 0 THEN 'COMMIT PREPARED, or ROLLBACK PREPARED'"
	"            ELSE format('let it end, or: SELECT pg_terminate_backend(%1$s). If it stays, "
	"it is frozen: kill -CONT %1$s, at the server''s machine',"
	"                        o.holder) END"
	"  FROM herald.obstacles() o",
	"nobody waits for a lock of herald's",
};

/*
 * Such transactions hold back only their own changes. A role that is no member of pg_read_all_stats
 * sees no times of others.
 */
static const struct doctor_check writers = {
	"open writers",
	"WITH writer AS (SELECT l.pid, l.virtualtransaction FROM pg_locks l WHERE l.relation = "
	"'herald.changes'::regclass"
	"                   AND l.mode = 'RowExclusiveLock' AND l.database = " THIS_DATABASE ")"
	" SELECT '!', p.gid, format('prepared %s ago by %s: its changes are told when it ends',"
	"        date_trunc('second', clock_timestamp() - p.prepared), p.owner), format('COMMIT "
	"PREPARED %1$L, or ROLLBACK PREPARED %1$L', p.gid)"
	"   FROM pg_prepared_xacts p WHERE p.database = current_database()"
	"    AND EXISTS (SELECT FROM writer w JOIN pg_locks x USING (virtualtransaction)"
	"    WHERE w.pid IS NULL AND x.pid IS NULL AND x.transactionid = p.transaction)"
	" UNION ALL "
	"SELECT '!', 'pid ' || a.pid, format('its transaction began %s ago (%s): its changes are "
	"told when it ends',"
	"       date_trunc('second', clock_timestamp() - a.xact_start), a.application_name),"
	"       format('let it end, or: SELECT pg_terminate_backend(%s)', a.pid)"
	"  FROM pg_stat_activity a WHERE a.pid IN (SELECT w.pid FROM writer w) AND a.xact_start < "
	"clock_timestamp() - interval '1 min'"
	" UNION ALL "
	"SELECT '?', 'pid ' || a.pid, 'how long its transaction is open could not be seen', "
	"format('GRANT pg_read_all_stats TO %I', current_user)"
	"  FROM pg_stat_activity a WHERE a.pid IN (SELECT w.pid FROM writer w) AND a.xact_start IS "
	"NULL"
	"   AND NOT pg_has_role('pg_read_all_stats', 'MEMBER')",
	"no transaction with changes is open for more than a minute, none is prepared",
};

/*
 * The youngest of the old ticks stays, because the log begins there. A daemon prunes each minute.
 */
static const struct doctor_check retention = {
	"retention",
	"SELECT '!', NULL, format('%s ticks are older than the retention: they have not been "
	"pruned', count(*)),"
	"       format('serve does it; by hand, again and again: SELECT herald.prune(%L)', "
	"make_interval(secs => $1::int))"
	"  FROM herald.ticks t WHERE t.at < clock_timestamp() - make_interval(secs => $1::int) - "
	"interval '15 min' HAVING count(*) > 1",
	"what is older has been pruned",
};

static const struct doctor_check size = {
	"log",
	"SELECT '-', NULL, format('%s on disk, ticks %s to %s, the oldest of %s ago', "
	"pg_size_pretty(pg_total_relation_size('herald.changes')),"
	"       min(t.id), max(t.id), date_trunc('second', clock_timestamp() - min(t.at))), NULL "
	"FROM herald.ticks t",
	"",
};

/* They no longer stop anybody. But clients that follow the topic had to fetch it again. */
static const struct doctor_check unreadable = {
	"unreadable",
	"SELECT '!', u.topic, format('change %s-%s of transaction %s cannot be read, it was told "
	"as bulk: %s', u.tick, u.change, u.xid, u.reason),"
	"       'look at the row that was written ' || date_trunc('second', clock_timestamp() - "
	"u.at) || ' ago; the note goes with the log'"
	"  FROM herald.unreadable u ORDER BY u.change DESC LIMIT 10",
	"every change could be read",
};

/* Only the last changes are looked at, because the whole log may be large. */
static const struct doctor_check too_large = {
	"long rows",
	"SELECT '!', c.topic, format('%s of the last changes are too large to be told: they went "
	"out as truncated, the largest would take %s of text',"
	"       count(*), pg_size_pretty(max(abs(c.bytes)))), 'exclude what is so long from the "
	"watch, "
	"or fetch the row'"
	"  FROM (SELECT h.topic, h.bytes FROM herald.changes h ORDER BY h.xid DESC, h.id DESC "
	"LIMIT 20000) c WHERE c.bytes > 16777216 OR c.bytes < 0 GROUP BY c.topic",
	"none of the last changes is too large to be told",
};

/*
 * An instance that runs has some of its 24 connections already. So the check is on the safe side.
 */
static const struct doctor_check connections = {
	"connections",
	"SELECT CASE WHEN free >= 24 THEN 'ok' ELSE '!' END, NULL, format('%s are free; an "
	"instance takes 3 to 24', greatest(free, 0)),"
	"       CASE WHEN free < 24 THEN 'raise max_connections in postgresql.conf, or end what is "
	"not needed' END"
	"  FROM (SELECT current_setting('max_connections')::int - "
	"current_setting('superuser_reserved_connections')::int"
	"             - (SELECT sum(s.numbackends) FROM pg_stat_database s) AS free) room",
	"",
};

void doctor_log(struct doctor *d)
{
	char seconds[24];

	snprintf(seconds, sizeof(seconds), "%" PRId64, d->config->retention_ms / 1000);
	doctor_check(d, &locks, NULL);
	if (d->makes_ticks) {
		/* Behind a pooler an instance needs no role. */
		if (!d->pooled)
			doctor_check(d, &ticker, NULL);
		doctor_check(d, &waiting, NULL);
		doctor_check(d, &writers, NULL);
		doctor_check(d, &retention, seconds);
	}
	doctor_check(d, &unreadable, NULL);
	doctor_check(d, &too_large, NULL);
	doctor_check(d, &size, NULL);
	doctor_check(d, &connections, NULL);
}
