/* SPDX-License-Identifier: PostgreSQL */
/*
 * workers.h: the daemon as several processes at one address, one for each processor, say.
 *
 * Each worker is a whole server (server.h) with its own sessions in the database. The kernel
 * spreads connections over them (SO_REUSEPORT, socket(7)). Like several instances, one of them at a
 * time makes the ticks, and all read them. What they share is in crew.h: limits, metrics, and
 * whether all are ready. The first worker answers at the admin port for all.
 *
 * The parent serves nobody. It hands signals on, and says to the service manager when all serve. A
 * worker that crashes, or that says nothing for WORKERS_SILENT_MS, is replaced. A worker that ends
 * by itself has said why, and the program ends with it.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "config.h"
#include "server.h"

#define WORKERS_SILENT_MS 30000

/*
 * Runs as many workers as the configuration says until SIGTERM or SIGINT. If that is one, it is
 * this process. Returns the program's exit status. Takes the configuration over.
 */
int workers_run(struct config *config, server_reload_fn *reload, void *ctx);

#endif
