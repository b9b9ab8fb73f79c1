/* SPDX-License-Identifier: PostgreSQL */
/*
 * migrate.h: installs the schema herald.
 *
 * This is the only part of the room that waits for the database. Commands use it. The daemon never
 * does. Errors go to stderr, one line each.
 */
#ifndef PG_MIGRATE_H
#define PG_MIGRATE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

/*
 * The files of sql/install.sql in its order, byte for byte (sql_files.c). A name of NULL ends them.
 * The name of a migration begins with its version, such as 0001_log. A name without a version is
 * code, which is replaced every time.
 */
struct sql_file {
	const char *name;
	const char *text;
};
extern const struct sql_file sql_files[];

/* The newest migration that this program brings. */
int migrate_program_version(void);

/* Connects. The caller closes it with PQfinish. NULL if it failed and said why on stderr. */
PGconn *migrate_connect(const char *conninfo);

/* The newest migration in the database. 0 if there is none, -1 if it failed and said why on
 * stderr. */
MUST_CHECK int migrate_database_version(PGconn *pg);

/* Does this program go on with that version of the database, which migrate_database_version said?
 * See schema.h. False also if it failed and said why on stderr. */
MUST_CHECK bool migrate_fits(PGconn *pg, int version);

/* Applies what is missing, all or nothing. One installer runs at a time. Then it makes the missing
 * triggers of watched tables, each table by itself. With dry_run it says what it would do, and does
 * not do it. False if it failed and said why on stderr. Nothing was changed then, except perhaps
 * triggers. */
MUST_CHECK bool migrate_apply(PGconn *pg, bool dry_run);

/* Runs one statement with count text parameters, or several without any. False if it failed and
 * said why on stderr. */
MUST_CHECK bool migrate_exec(PGconn *pg, const char *sql, int count, const char *const *params);

/* Returns the rows of such a statement, for the caller to clear. NULL if it failed and said why on
 * stderr. */
MUST_CHECK PGresult *migrate_query(PGconn *pg, const char *sql, int count,
				   const char *const *params);

/* Returns the one text that such a statement yields, for the caller to free. NULL if it failed and
 * said why on stderr. */
MUST_CHECK char *migrate_query_text(PGconn *pg, const char *sql, int count,
				    const char *const *params);
/* The same of one boolean: 1 if it is true, 0 if not, -1 if it failed and said why on stderr. */
MUST_CHECK int migrate_query_yes(PGconn *pg, const char *sql, int count, const char *const *params);

#endif
