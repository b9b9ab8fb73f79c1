/* SPDX-License-Identifier: PostgreSQL */
/*
 * server.h: the daemon. It builds every room and joins them by their callbacks. Then it turns the
 * loop until it is told to stop.
 */
#ifndef SERVER_H
#define SERVER_H

#include "config.h"

/* Loads the configuration again, as at the start. False if that failed, and the log says why. */
typedef bool server_reload_fn(void *ctx, struct config *config);

struct crew;

/*
 * Runs until SIGTERM or SIGINT, and returns the program's exit status. Takes the configuration
 * over. crew is NULL if this process is the only worker.
 */
int server_run(struct config *config, server_reload_fn *reload, void *ctx, struct crew *crew);

void server_free_config(struct config *config); /* what reload has filled */

#endif
