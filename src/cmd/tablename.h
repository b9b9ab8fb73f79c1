/* SPDX-License-Identifier: PostgreSQL */
/* tablename.h: the name of a table, as somebody typed it. */
#ifndef CMD_TABLENAME_H
#define CMD_TABLENAME_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/base.h"

/*
 * False if no table has the name, or the database could not be asked. Then stderr says so, and
 * names the nearest one. A number is taken for that of a table which may be gone.
 */
MUST_CHECK bool tablename_is_known(PGconn *pg, const char *name);

#endif
