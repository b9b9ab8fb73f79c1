/* SPDX-License-Identifier: PostgreSQL */
/* dev.c: the command. It reads the line, prepares the database step by step, and runs the try. */
#include "cmd/dev.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "pg/migrate.h"
#include "http/loopback.h"
#include "cmd/cmd.h"
#include "cmd/consent.h"

/* Its streams and its key are for this machine alone. An address may be none. */
static bool stays_here(const char *addresses)
{
	return addresses == NULL || loopback_is_all(addresses);
}

static int read_line(const struct cli_call *call)
{
	bool cleanup = cli_flag(call, "cleanup")->count > 0;
	size_t tables = cli_flag(call, "table")->count;

	if (call->word_count > 0)
		return cli_usage("dev takes no argument, not '%s': --table names tables",
				 call->words[0]);
	if (cleanup && tables > 0)
		return cli_usage("--cleanup takes away all that dev has made: it goes without "
				 "--table");
	if (!cleanup && tables == 0)
		return cli_usage("dev needs --table with a table, such as public.orders");
	return EXIT_DONE;
}

/* --- the schema --- */

static int install(struct dev *d, const struct cli_call *call, int have)
{
	int result;

	if (have > 0)
		printf("The schema herald has version %d, and is to be brought to version %d.\n",
		       have, migrate_program_version());
	else
		printf("The database '%s' gets the schema herald, version %d.\n", PQdb(d->pg),
		       migrate_program_version());
	result = consent_ask(call, "dev");
	if (result != EXIT_DONE)
		return result;
	if (have > 0)
		return migrate_apply(d->pg, false) ? EXIT_DONE : EXIT_FAILED;
	return dev_note_schema(d) && migrate_apply(d->pg, false) && dev_note_made(d) ? EXIT_DONE
										     : EXIT_FAILED;
}

static int install_if_needed(struct dev *d, const struct cli_call *call)
{
	int have = migrate_database_version(d->pg), want = migrate_program_version();

	if (have < 0)
		return EXIT_FAILED;
	if (have > want && !migrate_fits(d->pg, have)) {
		fprintf(stderr,
			"pgherald: schema herald has version %d, this program knows %d: use a "
			"newer pgherald\n",
			have, want);
		return EXIT_MISFIT;
	}
	if (have >= want)
		printf("the schema herald is at version %d\n", have);
	return have >= want ? EXIT_DONE : install(d, call, have);
}

/* A database with streams of its own may be one that people use. */
static bool is_free(struct dev *d, const struct cli_call *call)
{
	char *count = migrate_query_text(
		d->pg, "SELECT count(*) FROM herald.streams s WHERE NOT s.require ? 'pgherald_dev'",
		0, NULL);
	bool is = count != NULL && (atoi(count) == 0 || cli_flag(call, "shared")->count > 0);

	if (count != NULL && !is)
		fprintf(stderr,
			"pgherald: the database has %s streams of its own ('pgherald streams'): "
			"say --shared to try it there all the same\n",
			count);
	free(count);
	return is;
}

/* --- one at a time --- */

/* Another number than the daemon's locks have, so that nobody takes it for a daemon. */
#define LOCK "1751478882, 1"

/* Names itself, for the sentence of the other one. False if it failed, and stderr says why. */
static bool name_itself(PGconn *pg)
{
	char *sql = xasprintf("SET application_name = 'pgherald dev, process %ld'", (long)getpid());
	bool good = migrate_exec(pg, sql, 0, NULL);

	free(sql);
	return good;
}

static bool complain_of_other(PGconn *pg)
{
	char *other = migrate_query_text(
		pg,
		"SELECT coalesce((SELECT concat_ws(', ', a.application_name, 'as role ' || "
		"a.usename,"
		" 'from ' || coalesce(host(a.client_addr), 'this machine')) FROM pg_locks l JOIN"
		" pg_stat_activity a ON a.pid = l.pid JOIN pg_database d ON d.oid = l.database"
		" WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted"
		" AND (l.classid, l.objid) = (" LOCK ") LIMIT 1), 'its process is not to be seen')",
		0, NULL);

	if (other != NULL)
		fprintf(stderr,
			"pgherald: another dev is at work in the database '%s' (%s): end that one "
			"first\n",
			PQdb(pg), other);
	free(other);
	return false;
}

/*
 * Two of them would take each other's streams. The lock goes with the connection, which the server
 * may hold for a moment after a process was killed.
 */
static bool is_alone(PGconn *pg)
{
	const struct timespec moment = {.tv_nsec = 100000000};
	int got = 0;

	if (!name_itself(pg))
		return false;
	for (int i = 0; i < 20 && got == 0; i++) {
		if (i > 0)
			(void)nanosleep(&moment, NULL);
		got = migrate_query_yes(pg, "SELECT pg_try_advisory_lock(" LOCK ")", 0, NULL);
	}
	return got > 0 || (got == 0 && complain_of_other(pg));
}

/* --- the steps --- */

static int prepare(struct dev *d, const struct cli_call *call)
{
	const struct cli_flag *tables = cli_flag(call, "table");
	int result = install_if_needed(d, call);

	if (result != EXIT_DONE)
		return result;
	if (!is_free(d, call))
		return EXIT_FAILED;
	for (size_t i = 0; i < tables->count; i++)
		if (!dev_add_table(d, tables->given[i]))
			return EXIT_FAILED;
	return dev_add_events(d) ? EXIT_DONE : EXIT_FAILED;
}

static int try(struct dev *d, const struct cli_call *call)
{
	int result;

	secret_make(d->word);
	secret_make(d->secret);
	d->audience = cli_value(call, "audience");
	result = prepare(d, call);
	return result == EXIT_DONE
		       ? dev_run(d, call->config->database_url, cli_flag(call, "table")->given[0])
		       : result;
}

int cmd_dev(struct cli_call *call)
{
	struct dev d = {.pg = NULL};
	int result = read_line(call);

	if (result != EXIT_DONE)
		return result;
	if (!cli_config(call))
		return EXIT_CONFIG;
	if (!stays_here(call->config->listen) || !stays_here(call->config->admin_listen))
		return cli_usage("dev serves this machine only: listen and admin-listen must be "
				 "addresses of the loopback");
	d.pg = migrate_connect(call->config->database_url);
	if (d.pg == NULL)
		return EXIT_FAILED;
	if (!is_alone(d.pg))
		result = EXIT_FAILED;
	else if (cli_flag(call, "cleanup")->count > 0)
		result = dev_cleanup(d.pg) ? EXIT_DONE : EXIT_FAILED;
	else
		result = try(&d, call);
	/* a pooler may keep the connection, and with it the lock */
	PQclear(PQexec(d.pg, "SELECT pg_advisory_unlock(" LOCK ")"));
	PQfinish(d.pg);
	return result;
}
