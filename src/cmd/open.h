/* SPDX-License-Identifier: PostgreSQL */
/*
 * open.h: the database for a command. It completes the configuration, connects, and checks that the
 * schema is the one that this program needs.
 */
#ifndef CMD_OPEN_H
#define CMD_OPEN_H

#include <libpq-fe.h>

#include "cli.h"
#include "exit.h"

/*
 * The connection, which the caller closes with PQfinish. NULL if it failed. Then stderr says why,
 * and *ret_result is the exit status.
 */
PGconn *open_database(struct cli_call *call, int *ret_result);

#endif
