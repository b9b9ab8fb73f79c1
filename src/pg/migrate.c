/* SPDX-License-Identifier: PostgreSQL */
#include "pg/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "pg/message.h"
#include "pg/schema.h"
#include "pg/settings.h"

/* 0 if it is code. */
static int version_of(const struct sql_file *f)
{
	return atoi(f->name);
}

int migrate_program_version(void)
{
	int newest = 0;

	for (const struct sql_file *f = sql_files; f->name != NULL; f++)
		newest = version_of(f) > newest ? version_of(f) : newest;
	return newest;
}

/* Writes the server's words on one line, without libpq's prefix, and the hint in parentheses. A
 * sentence of our own says all, so it needs no file name. */
static void complain(const char *doing, const PGresult *res, const PGconn *pg)
{
	const char *message = res == NULL ? NULL : PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *hint = res == NULL ? NULL : PQresultErrorField(res, PG_DIAG_MESSAGE_HINT);
	struct buf line;

	if (message == NULL)
		message = PQerrorMessage(pg);
	if (strncmp(message, "pgherald: ", 10) == 0) {
		message += 10;
		doing = "";
	}
	buf_init(&line);
	message_append(&line, message);
	fprintf(stderr, "pgherald: %s%s%s%s%s%s\n", doing, doing[0] == '\0' ? "" : ": ", line.data,
		hint == NULL ? "" : " (", hint == NULL ? "" : hint, hint == NULL ? "" : ")");
	buf_release(&line);
}

/* Writes what our own functions say on the way, with what to do. "already exists, skipping" and the
 * like are left out. */
static void on_notice(void *ctx, const PGresult *res)
{
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	if (message != NULL && strncmp(message, "pgherald: ", 10) == 0)
		complain("", res, ctx);
}

PGconn *migrate_connect(const char *conninfo)
{
	const char *keys[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
	const char *values[] = {conninfo == NULL ? "" : conninfo, "pgherald", "UTF8", NULL};
	PGconn *pg = PQconnectdbParams(keys, values, 1);

	if (PQstatus(pg) != CONNECTION_OK) {
		complain("cannot connect to the database", NULL, pg);
		PQfinish(pg);
		return NULL;
	}
	PQsetNoticeReceiver(pg, on_notice, pg);
	/* lock_timeout says how long DDL is tried (patience.sql). */
	if (!migrate_exec(pg, SETTINGS_OURS "RESET lock_timeout", 0, NULL)) {
		PQfinish(pg);
		return NULL;
	}
	return pg;
}

static bool is_good(const PGresult *res)
{
	return PQresultStatus(res) == PGRES_COMMAND_OK || PQresultStatus(res) == PGRES_TUPLES_OK;
}

static PGresult *execute(PGconn *pg, const char *sql, int count, const char *const *params)
{
	return count == 0 ? PQexec(pg, sql)
			  : PQexecParams(pg, sql, count, NULL, params, NULL, NULL, 0);
}

bool migrate_exec(PGconn *pg, const char *sql, int count, const char *const *params)
{
	PGresult *res = execute(pg, sql, count, params);
	bool good = is_good(res);

	if (!good)
		complain("", res, pg);
	PQclear(res);
	return good;
}

/* Returns one number from one statement. -1 if it failed and said why. */
static int query_int(PGconn *pg, const char *sql)
{
	PGresult *res = PQexec(pg, sql);
	int n = -1;

	if (is_good(res) && PQntuples(res) == 1)
		n = atoi(PQgetvalue(res, 0, 0));
	else
		complain("cannot read what has been applied", res, pg);
	PQclear(res);
	return n;
}

PGresult *migrate_query(PGconn *pg, const char *sql, int count, const char *const *params)
{
	PGresult *res = execute(pg, sql, count, params);

	if (is_good(res))
		return res;
	complain("", res, pg);
	PQclear(res);
	return NULL;
}

char *migrate_query_text(PGconn *pg, const char *sql, int count, const char *const *params)
{
	PGresult *res = execute(pg, sql, count, params);
	char *text = NULL;

	if (is_good(res) && PQntuples(res) == 1)
		text = xstrdup(PQgetvalue(res, 0, 0));
	else
		complain("", res, pg);
	PQclear(res);
	return text;
}

int migrate_query_yes(PGconn *pg, const char *sql, int count, const char *const *params)
{
	char *text = migrate_query_text(pg, sql, count, params);
	int yes = text == NULL ? -1 : text[0] == 't';

	free(text);
	return yes;
}

int migrate_database_version(PGconn *pg)
{
	int there = query_int(pg, "SELECT count(*) FROM pg_tables WHERE schemaname = 'herald' AND "
				  "tablename = 'migrations'");

	if (there <= 0)
		return there;
	return query_int(pg, "SELECT coalesce(max(version), 0) FROM herald.migrations");
}

bool migrate_fits(PGconn *pg, int version)
{
	struct schema_version there = {.newest = version};

	if (version <= migrate_program_version())
		return version == migrate_program_version();
	there.breaking = query_int(pg, "SELECT " SCHEMA_BREAKING " FROM herald.migrations");
	return there.breaking >= 0 && schema_fits(there, migrate_program_version());
}

static bool apply_file(PGconn *pg, const struct sql_file *f)
{
	PGresult *res = PQexec(pg, f->text);
	bool good = is_good(res);

	if (!good)
		complain(f->name, res, pg);
	PQclear(res);
	return good;
}

/* Applies a migration that herald.migrations does not have yet. */
static bool apply_migration(PGconn *pg, const struct sql_file *f, bool dry_run)
{
	char sql[200];
	int applied;

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM herald.migrations WHERE version = %d",
		 version_of(f));
	applied = query_int(pg, sql);
	if (applied != 0)
		return applied > 0;
	printf("%s %s\n", dry_run ? "would apply" : "applying", f->name);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO herald.migrations (version, name) VALUES (%d, '%s')", version_of(f),
		 f->name);
	return apply_file(pg, f) && migrate_exec(pg, sql, 0, NULL);
}

static bool apply_all(PGconn *pg, bool dry_run)
{
	for (const struct sql_file *f = sql_files; f->name != NULL; f++)
		if (!(version_of(f) > 0 ? apply_migration(pg, f, dry_run) : apply_file(pg, f)))
			return false;
	return true;
}

/* Makes the missing triggers, one table at a time. So the lock on one table is not held while it
 * waits for another. */
static bool hang_triggers(PGconn *pg)
{
	PGresult *res = PQexec(pg, "SELECT herald.unhung()");
	bool good = is_good(res);

	if (!good)
		complain("", res, pg);
	for (int i = 0; good && i < PQntuples(res); i++)
		good = migrate_exec(pg, PQgetvalue(res, i, 0), 0, NULL);
	PQclear(res);
	return good;
}

bool migrate_apply(PGconn *pg, bool dry_run)
{
	bool good = migrate_exec(pg, "BEGIN", 0, NULL) && apply_all(pg, dry_run);

	if (good && !dry_run)
		return migrate_exec(pg, "COMMIT", 0, NULL) && hang_triggers(pg);
	PQclear(PQexec(pg, "ROLLBACK"));
	return good;
}
