/* SPDX-License-Identifier: PostgreSQL */
/* open.h: the database for a command: with the configuration complete, connected, and of the schema
 * that this program needs. */
#ifndef CMD_OPEN_H
#define CMD_OPEN_H

#include <libpq-fe.h>

#include "cli.h"
#include "exit.h"

/* NULL: it has said why on stderr, and *ret_result is the exit status. The caller closes with
 * PQfinish. */
PGconn *open_database(struct cli_call *call, int *ret_result);

#endif
