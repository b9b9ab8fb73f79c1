/* SPDX-License-Identifier: PostgreSQL */
/*
 * migrate.h: installs the schema herald. The only part of the program that waits for the database:
 * commands use it, never the daemon.
 */
#ifndef PG_MIGRATE_H
#define PG_MIGRATE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

/*
 * The files of sql/install.sql in its order, byte for byte (sql_files.c); name NULL ends them. The
 * name of a migration begins with its version, 0001_log; a name without one is code, which is
 * replaced every time.
 */
struct sql_file {
	const char *name;
	const char *text;
};
extern const struct sql_file sql_files[];

int migrate_program_version(void); /* the newest migration that this program brings */

/* Connects; NULL: it has said why on stderr. The caller closes with PQfinish. */
PGconn *migrate_connect(const char *conninfo);

/* The newest migration in the database, 0: none, -1: it has said why on stderr. */
MUST_CHECK int migrate_database_version(PGconn *pg);

/* Applies what is missing, all or nothing, one installer at a time; then the triggers of watched
 * tables that are missing, each table by itself. dry_run: says what it would do, and does not.
 * False: it has said why on stderr; nothing was changed but perhaps triggers. */
MUST_CHECK bool migrate_apply(PGconn *pg, bool dry_run);

/* Runs one statement without parameters or with text parameters; false: it has said why on stderr.
 */
MUST_CHECK bool migrate_exec(PGconn *pg, const char *sql, int count, const char *const *params);

/* The one text that such a statement yields, for the caller to free; NULL: it has said why on
 * stderr. */
MUST_CHECK char *migrate_query_text(PGconn *pg, const char *sql, int count,
				    const char *const *params);

#endif
