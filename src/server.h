/* SPDX-License-Identifier: PostgreSQL */
/*
 * server.h: the daemon. Builds every room, joins them by their callbacks, and turns the loop until
 * it is told to stop.
 */
#ifndef SERVER_H
#define SERVER_H

#include "config.h"

/* Loads the configuration anew, as at the start; false: it has said why. */
typedef bool server_reload_fn(void *ctx, struct config *config);

/* Runs until SIGTERM or SIGINT; returns the program's exit status. Takes the configuration over. */
int server_run(struct config *config, server_reload_fn *reload, void *ctx);

#endif
