/* SPDX-License-Identifier: PostgreSQL */
/*
 * doctor_life.c: what others do to the database of the log. These are dumps, replicas, transactions
 * that stay open, and limits.
 */
#include "cmd/doctor.h"

/* The log begins with migrate, never by itself. See sql/functions/own_rows.sql. */
static const struct doctor_check beginning = {
	"beginning",
	"SELECT 'no', NULL, 'the log has no tick to go on from: a dump came without its rows, or "
	"somebody has taken them away', 'pgherald migrate'"
	" WHERE NOT EXISTS (SELECT FROM herald.ticks)",
	"the log has begun",
};

/*
 * A publication of herald.changes and herald.ticks alone is meant so. A subscriber that fails to
 * apply reads again every five seconds, so its slot may look active.
 */
static const struct doctor_check publications = {
	"publications",
	"SELECT CASE WHEN s.behind THEN '!' ELSE '-' END, p.pubname, 'publishes herald''s tables "
	"too: a subscriber that has not got them stands still'"
	"       || coalesce('; ' || s.slots, ''), 'pgherald migrate, with the database-url of each "
	"subscriber'"
	"  FROM (SELECT DISTINCT t.pubname FROM pg_publication_tables t WHERE t.schemaname = "
	"'herald' AND t.tablename = 'migrations') p,"
	"       (SELECT bool_or(NOT l.active OR l.kept > 64 << 20) AS behind,"
	"               string_agg(format('slot %s keeps %s of WAL%s', l.slot_name, "
	"pg_size_pretty(l.kept), CASE WHEN l.active THEN '' ELSE ', and nobody reads it' END), ', "
	"') AS slots"
	"          FROM (SELECT r.slot_name, r.active, pg_wal_lsn_diff(pg_current_wal_lsn(), "
	"r.restart_lsn)::bigint AS kept"
	"                  FROM pg_replication_slots r WHERE r.slot_type = 'logical' AND "
	"r.database = current_database()) l) s",
	"none publishes herald's tables beside those of the log",
};

/*
 * Rows that are pruned stay in the table, dead, as long as a snapshot may want them. A few dead
 * rows do no harm.
 */
static const struct doctor_check snapshots = {
	"old snapshots",
	"SELECT '!', h.who, format('%s dead rows of the log cannot be vacuumed: its snapshot was "
	"taken %s ago%s', d.rows,"
	"       coalesce(date_trunc('second', clock_timestamp() - h.since)::text, 'nobody may see "
	"how long'), h.more), h.advice"
	"  FROM (SELECT sum(t.n_dead_tup)::bigint AS rows FROM pg_stat_user_tables t WHERE "
	"t.schemaname = 'herald' AND t.relname IN ('changes', 'ticks')) d,"
	"  LATERAL (SELECT 'pid ' || a.pid AS who, coalesce(a.xact_start, a.backend_start) AS "
	"since, a.backend_xmin AS xmin,"
	"                  format(' (%s of role %s, %s)', coalesce(nullif(a.application_name, ''), "
	"'a session'), coalesce(a.usename, '?'), coalesce(a.state, a.backend_type)) AS more,"
	"                  format('let it end, or: SELECT pg_terminate_backend(%s)', a.pid) AS "
	"advice"
	"             FROM pg_stat_activity a WHERE a.backend_xmin IS NOT NULL AND a.pid <> "
	"pg_backend_pid() AND coalesce(a.datname, current_database()) = current_database()"
	"           UNION ALL SELECT p.gid, p.prepared, p.transaction, ' (a prepared transaction "
	"of ' || p.owner || ')',"
	"                  format('COMMIT PREPARED %1$L, or ROLLBACK PREPARED %1$L', p.gid)"
	"             FROM pg_prepared_xacts p WHERE p.database = current_database()"
	"           UNION ALL SELECT 'slot ' || s.slot_name, NULL, s.xmin, ' (a replication "
	"slot)', format('let its standby catch up, or: SELECT pg_drop_replication_slot(%L)', "
	"s.slot_name)"
	"             FROM pg_replication_slots s WHERE s.xmin IS NOT NULL) h"
	" WHERE d.rows > 100000 AND (h.since IS NULL OR h.since < clock_timestamp() - interval '10 "
	"s') ORDER BY age(h.xmin) DESC LIMIT 3",
	"nobody keeps vacuum from many rows of the log",
};

/*
 * If the queue is full, every commit with a NOTIFY in the cluster fails. Sessions that listen do
 * not show. But the one that holds the queue is in a transaction.
 */
static const struct doctor_check queue = {
	"notify queue",
	"SELECT CASE WHEN used < 0.1 THEN 'ok' WHEN used < 0.5 THEN '!' ELSE 'no' END, NULL, "
	"format('%s %% of it is used', round(used::numeric * 100, 1)),"
	"       CASE WHEN used >= 0.1 THEN coalesce('a session that listens is in a transaction "
	"for long; the oldest is '"
	"            || (SELECT format('pid %s, %s of role %s in database %s: SELECT "
	"pg_terminate_backend(%1$s)', a.pid, coalesce(nullif(a.application_name, ''), 'a "
	"session'), a.usename, a.datname)"
	"                  FROM pg_stat_activity a WHERE a.xact_start IS NOT NULL AND a.pid <> "
	"pg_backend_pid() AND a.backend_type = 'client backend' ORDER BY a.xact_start LIMIT 1),"
	"            'a session that listens was in a transaction for long: run doctor again') END"
	"  FROM pg_notification_queue_usage() used",
	"",
};

static const struct doctor_check limits = {
	"connection limit",
	"SELECT CASE WHEN l.most < 3 THEN 'no' ELSE '!' END, NULL, format('%s may have %s "
	"connections; an instance takes 3 to 24', l.who, l.most),"
	"       format('ALTER %s CONNECTION LIMIT 25, for each instance as many', l.who)"
	"  FROM (SELECT format('ROLE %I', r.rolname), r.rolconnlimit FROM pg_roles r WHERE "
	"r.rolname = current_user"
	"        UNION ALL SELECT format('DATABASE %I', b.datname), b.datconnlimit FROM "
	"pg_database b WHERE b.datname = current_database()) l (who, most)"
	" WHERE l.most BETWEEN 0 AND 24 AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname "
	"= current_user)",
	"none that is too low",
};

void doctor_life(struct doctor *d)
{
	if (d->makes_ticks) {
		doctor_check(d, &beginning, NULL);
		doctor_check(d, &publications, NULL);
		doctor_check(d, &snapshots, NULL);
		doctor_check(d, &queue, NULL);
	}
	doctor_check(d, &limits, NULL);
}
