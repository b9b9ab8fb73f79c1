/* SPDX-License-Identifier: PostgreSQL */
/*
 * uninstall.h: what there is of pgherald in a database, by its catalogs. A schema that a dump has
 * left in parts is found, too.
 */
#ifndef CMD_UNINSTALL_H
#define CMD_UNINSTALL_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/base.h"

/*
 * Prints what goes, what stays, and who is connected. False if the database could not be asked, and
 * stderr says why.
 */
MUST_CHECK bool uninstall_survey(PGconn *pg);

/*
 * True if nothing that is somebody else's depends on the schema. Otherwise stderr names it. False
 * also if the database could not be asked.
 */
MUST_CHECK bool uninstall_is_free(PGconn *pg);

/*
 * Takes all of it away, within a transaction that has begun. False if it failed, and stderr says
 * why.
 */
MUST_CHECK bool uninstall_take(PGconn *pg);

/* The statements that take all of it away, for the caller to free. NULL if it failed. */
char *uninstall_ddl(PGconn *pg);

#endif
