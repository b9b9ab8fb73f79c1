/* SPDX-License-Identifier: PostgreSQL */
/*
 * doctor_database.c: the database. Can it be reached, and can serve work with it? Does the schema
 * fit, and may the role use it?
 */
#include "cmd/doctor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "pg/migrate.h"
#include "pg/schema.h"

#define OLDEST_SERVER 140000 /* CREATE OR REPLACE TRIGGER, idle_session_timeout */

static bool is_true(const PGresult *res, int column)
{
	return *PQgetvalue(res, 0, column) == 't';
}

/* `converts` means that the server can convert it to UTF-8. */
static void look_at_encoding(struct doctor *d, const char *encoding, bool converts)
{
	if (strcmp(encoding, "UTF8") == 0)
		doctor_say(d, REPORT_OK, "encoding", NULL, "UTF8");
	else if (converts)
		doctor_say(d, REPORT_OK, "encoding", NULL, "%s, which the server converts to UTF-8",
			   encoding);
	else
		doctor_say(d, REPORT_NO, "encoding",
			   "move to another database: createdb -E UTF8 -T template0",
			   "%s cannot be converted to UTF-8, which events are", encoding);
}

/*
 * The server and the database, from catalogs that everybody may read. False if it could not be
 * asked.
 */
static bool look_at_server(struct doctor *d)
{
	PGresult *res =
		doctor_ask(d, "database",
			   "SELECT current_setting('server_version_num')::int, "
			   "current_setting('server_version'),"
			   " current_setting('in_hot_standby') = 'on', getdatabaseencoding(), "
			   "current_user, current_database(),"
			   " EXISTS (SELECT FROM pg_conversion c WHERE c.condefault AND "
			   "c.conforencoding = pg_char_to_encoding(getdatabaseencoding())"
			   "                 AND c.contoencoding = pg_char_to_encoding('UTF8'))",
			   NULL);

	if (res == NULL)
		return false;
	d->makes_ticks = !is_true(res, 2);
	doctor_say(d, REPORT_OK, "database", NULL, "'%s' as role '%s', %s", PQgetvalue(res, 0, 5),
		   PQgetvalue(res, 0, 4), d->makes_ticks ? "a primary" : "a hot standby");
	doctor_say(d, atoi(PQgetvalue(res, 0, 0)) >= OLDEST_SERVER ? REPORT_OK : REPORT_NO,
		   "server",
		   atoi(PQgetvalue(res, 0, 0)) >= OLDEST_SERVER ? NULL
								: "move to PostgreSQL 14 or later",
		   "PostgreSQL %s", PQgetvalue(res, 0, 1));
	look_at_encoding(d, PQgetvalue(res, 0, 3), is_true(res, 6));
	PQclear(res);
	return true;
}

/* --- is it one session, or a pooler's? --- */

/* The server process that answers. 0 if none does. */
static int server_pid(struct bounded *b)
{
	PGresult *res = bounded_run(b, "SELECT pg_catalog.pg_backend_pid()", NULL);
	int pid = res == NULL ? 0 : atoi(PQgetvalue(res, 0, 0));

	PQclear(res);
	return pid;
}

/*
 * Listens in one statement and notifies itself in the next, as writers notify the ticker. False if
 * it could not be tried.
 */
static bool ring(struct doctor *d, bool *ret_heard)
{
	char *payload = xasprintf("%" PRId64, clock_mono_us());
	/*
	 * A commit with a NOTIFY waits for the one before it. The check `locks` names the process
	 * in the way later, in this same session.
	 */
	PGresult *limited = bounded_run(&d->database, "SET lock_timeout = 2000", NULL);
	PGresult *listening =
		limited == NULL ? NULL : bounded_run(&d->database, "LISTEN herald_doctor", NULL);
	PGresult *rung =
		listening == NULL
			? NULL
			: bounded_run(&d->database,
				      "SELECT pg_catalog.pg_notify('herald_doctor', $1)", payload);
	bool tried = rung != NULL;

	*ret_heard = tried && bounded_hears(&d->database, payload);
	if (tried)
		PQclear(bounded_run(&d->database, "UNLISTEN herald_doctor", NULL));
	PQclear(limited);
	PQclear(listening);
	PQclear(rung);
	free(payload);
	return tried;
}

/*
 * Another connection holds a transaction open meanwhile, or is refused that. True if both have the
 * same server process, or if the first one has another process than before.
 */
static bool is_lent(struct bounded *first, struct bounded *second, int pid)
{
	PGresult *begun = bounded_run(second, "BEGIN", NULL);
	int other = begun == NULL ? 0 : server_pid(second);
	bool lent = begun == NULL ? !second->late && pid != PQbackendPID(first->pg)
				  : other == pid || (other != 0 && server_pid(first) != pid &&
						     first->pg != NULL);

	PQclear(begun);
	PQclear(bounded_run(second, "ROLLBACK", NULL));
	return lent;
}

/* Proves it as serve does (pg/proof.h). */
static bool is_pooled(struct doctor *d, int pid)
{
	struct bounded second;
	bool lent = false;

	if (bounded_open_beside(&second, &d->database, d->config->database_url))
		for (int rounds = 0;
		     rounds < 3 && !lent && second.pg != NULL && d->database.pg != NULL; rounds++)
			lent = is_lent(&d->database, &second, pid);
	bounded_close(&second);
	return lent;
}

static const char pool_advice[] =
	"give database-url the server's own address, or a pool with pool_mode = session";

/* A pooler gives its clients a number of its own instead of the server process's. */
static void look_at_session(struct doctor *d, int pid)
{
	bool heard = true, tried = !d->makes_ticks || ring(d, &heard);
	int again = tried ? server_pid(&d->database) : 0;

	if (again == 0)
		doctor_unseen(d, "session");
	else if (!heard || again != pid)
		doctor_say(d, REPORT_NO, "session", pool_advice,
			   "LISTEN and NOTIFY of one connection do not meet: a pooler in "
			   "transaction mode stands between");
	else if (pid != PQbackendPID(d->database.pg))
		doctor_say(
			d, REPORT_WARNING, "session", pool_advice,
			"a pooler stands between; it kept the session this time, and must always");
	else
		doctor_say(d, REPORT_OK, "session", NULL,
			   d->makes_ticks ? "no pooler between; notifications arrive"
					  : "no pooler between; beside a standby serve polls");
}

/*
 * Looks before anything else is asked. A pooler that lends single statements refuses the next
 * question. False if nothing else can be asked.
 */
static bool look_at_pooler(struct doctor *d, int *ret_pid)
{
	*ret_pid = server_pid(&d->database);
	d->pooled = *ret_pid != 0 && is_pooled(d, *ret_pid);
	if (d->pooled)
		doctor_say(d, REPORT_NO, "session", pool_advice,
			   "a pooler in transaction mode stands between: serve hears nothing and "
			   "looks ten times a second");
	else if (d->database.pg == NULL)
		doctor_unseen(d, *ret_pid == 0 ? "database" : "session");
	return d->database.pg != NULL;
}

/* --- the schema --- */

static const struct doctor_check rights = {
	"rights",
	"SELECT 'no', NULL, format('role %L may not use schema herald as serve does: no right on "
	"%s', current_user,"
	"                          string_agg(w.name, ', ' ORDER BY w.name)),"
	"       format('as the owner of schema herald: SELECT herald.grant_daemon(%L)', "
	"quote_ident(current_user))"
	"  FROM (SELECT 'schema herald' FROM pg_namespace n WHERE n.nspname = 'herald' AND NOT "
	"has_schema_privilege(n.oid, 'USAGE')"
	"        UNION ALL SELECT 'table ' || c.relname FROM pg_class c JOIN pg_namespace n ON "
	"n.oid = c.relnamespace"
	"         WHERE n.nspname = 'herald' AND c.relname"
	"               IN ('migrations', 'changes', 'ticks', 'streams', 'actions', 'revocations', "
	"'watches', 'rules')"
	"           AND c.relkind = 'r' AND NOT has_table_privilege(c.oid, 'SELECT')"
	"        UNION ALL SELECT 'function ' || p.proname FROM pg_proc p JOIN pg_namespace n ON "
	"n.oid = p.pronamespace"
	"         WHERE n.nspname = 'herald' AND p.proname"
	"               IN ('attach', 'follows', 'read', 'replay', 'tick', 'prune', 'wake', "
	"'entitled', 'snapshot', 'act')"
	"           AND NOT has_function_privilege(p.oid, 'EXECUTE')) w (name)"
	" HAVING count(*) > 0",
	"the role may do what serve does"};

static void say_misfit(struct doctor *d, int version)
{
	d->misfit = true;
	if (version == 0)
		doctor_say(d, REPORT_NO, "schema", "pgherald migrate",
			   "the database has no schema herald");
	else
		doctor_say(d, REPORT_NO, "schema",
			   version < migrate_program_version() ? "pgherald migrate"
							       : "use a newer pgherald",
			   "herald has version %d, this program needs %d", version,
			   migrate_program_version());
}

/*
 * True if the log's table of migrations is there. It works even if the role may not look into the
 * schema.
 */
static bool is_installed(struct doctor *d)
{
	PGresult *res = doctor_ask(d, "schema",
				   "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = "
				   "'herald' AND tablename = 'migrations')",
				   NULL);
	bool there = res != NULL && is_true(res, 0);

	if (res != NULL && !there)
		say_misfit(d, 0);
	PQclear(res);
	return there;
}

static void look_at_version(struct doctor *d)
{
	PGresult *res = doctor_ask(
		d, "schema", "SELECT " SCHEMA_NEWEST ", " SCHEMA_BREAKING " FROM herald.migrations",
		NULL);
	struct schema_version there;
	int ours = migrate_program_version();

	if (res == NULL)
		return;
	there = (struct schema_version){.newest = atoi(PQgetvalue(res, 0, 0)),
					.breaking = atoi(PQgetvalue(res, 0, 1))};
	PQclear(res);
	if (!schema_fits(there, ours)) {
		say_misfit(d, there.newest);
		return;
	}
	doctor_say(d, REPORT_OK, "schema", NULL,
		   there.newest == ours
			   ? "herald has version %d, as this program"
			   : "herald has version %d, this program %d, which goes on with it",
		   there.newest, ours);
	d->usable = true;
}

/* A subscriber of the log by logical replication makes no ticks either. */
static void look_whose_log(struct doctor *d)
{
	PGresult *res = d->usable ? doctor_ask(d, "log", "SELECT herald.follows()", NULL) : NULL;

	if (res != NULL && is_true(res, 0)) {
		d->makes_ticks = false;
		doctor_say(d, REPORT_NOTE, "log", NULL,
			   "it is another database's, which this one follows");
	}
	PQclear(res);
}

void doctor_database(struct doctor *d)
{
	int pid;
	/* The rest of the time is for the daemon, which is asked twice. */
	int64_t end_ms = d->end_ms - (int64_t)2 * BOUNDED_MS;

	if (!bounded_open(&d->database, d->config->database_url, end_ms)) {
		doctor_say(d, REPORT_NO, "database",
			   "is it running, and does database-url (or PGHOST, PGPORT, PGUSER, "
			   "~/.pgpass) name it? psql takes the same",
			   "cannot be reached: %s", d->database.why);
		return;
	}
	if (!look_at_pooler(d, &pid) || !look_at_server(d))
		return;
	if (!d->pooled)
		look_at_session(d, pid);
	if (!is_installed(d))
		return;
	doctor_check(d, &rights, NULL);
	look_at_version(d);
	look_whose_log(d);
}
