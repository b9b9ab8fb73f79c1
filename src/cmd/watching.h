/* SPDX-License-Identifier: PostgreSQL */
/* watching.h: says what is in force for a watched table, a line each. */
#ifndef CMD_WATCHING_H
#define CMD_WATCHING_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/base.h"

/* Prints it to stdout. False if the database could not be asked, and stderr says why. */
MUST_CHECK bool watching_print(PGconn *pg, const char *table);

#endif
