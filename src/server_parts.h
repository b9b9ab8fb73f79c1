/* SPDX-License-Identifier: PostgreSQL */
/*
 * server_parts.h: what the files of server share. No other file includes it.
 *
 * - server.c builds the rooms, and has the life of the process.
 * - server_inlet.c hears what the database tells.
 * - server_memory.c gives memory back.
 * - server_config.c has what SIGHUP and new keys change.
 */
#ifndef SERVER_PARTS_H
#define SERVER_PARTS_H

#include "base/loop.h"
#include "hub/router.h"
#include "pg/asker.h"
#include "pg/look.h"
#include "pg/replay.h"
#include "pg/snapshots.h"
#include "pg/ticker.h"
#include "provider/keyfile.h"
#include "provider/providers.h"
#include "http/httpd.h"
#include "outlet/gzip.h"
#include "outlet/outlets.h"
#include "gate/routes.h"
#include "gate/status.h"
#include "console/console.h"
#include "server.h"

struct server {
	struct loop loop;
	struct config *boot;   /* what the rooms were built with; borrowed by them */
	struct config *config; /* what is in force, which is boot or what SIGHUP brought */
	server_reload_fn *reload;
	void *reload_ctx;
	struct crew *crew; /* borrowed; NULL if this process is the only worker */
	struct http_options http;
	struct providers providers;
	struct keyfile keyfile;
	struct gzip gzip;
	struct router router;
	struct ticker ticker;
	struct replay replay;
	struct asker asker;
	struct look look;
	struct snapshots snapshots;
	struct outlets outlets;
	struct gate gate;
	struct status status;
	struct routes routes, admin_routes;
	struct console console;
	struct httpd httpd, admin;
	bool said_stuck;           /* that clients wait for sessions; until they do not */
	struct histogram delivery; /* see status.h */
	bool serving;              /* streams are known, so the door is open */
	bool stopping;
	bool stopped;
	int exit_status;
	struct timer tell;               /* the crew, that this worker lives */
	struct timer memory;             /* until it is given back */
	uint64_t moves_seen, moves_done; /* connections that came and went, see server_memory.c */
	struct timer watchdog;           /* the service manager, that this process lives */
	struct timer leave, drain;       /* from SIGTERM to the drain, and from there to the end */
};

void server_stop(struct server *s, int exit_status); /* after this turn */

/* From SIGTERM on. A second one ends it at once. */
void server_leave_init(struct server *s);
void server_leave_release(struct server *s);
void server_leave(struct server *s, int signo);
bool server_is_drained(const struct server *s);

void server_memory_init(struct server *s);
void server_memory_look(struct server *s); /* once a turn */

/* What the ticker calls. The first streams that it tells open the door. */
struct ticker_calls server_inlet_calls(struct server *s);

/* Puts the configuration in force. The server owns it. */
void server_use_config(struct server *s, struct config *config);
void server_reload(struct server *s); /* what SIGHUP asks for */

/* The keys come from where the configuration says. */
void server_use_key_sources(struct server *s);
void server_on_keys(void *ctx, bool changed); /* see providers.h */
void server_on_key_file(void *ctx);           /* see keyfile.h */

#endif
