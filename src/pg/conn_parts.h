/* SPDX-License-Identifier: PostgreSQL */
/*
 * conn_parts.h: what the files of conn share. No other file includes it.
 *
 * - conn.c has its life: up, lost, the pause, and what wakes it.
 * - conn_open.c makes an attempt, from the names in the conninfo to a session.
 * - conn_query.c sends a query and takes its results.
 */
#ifndef PG_CONN_PARTS_H
#define PG_CONN_PARTS_H

#include "pg/conn.h"

static inline bool conn_is_up(const struct conn *c)
{
	return c->state == CONN_IDLE || c->state == CONN_BUSY;
}

/* Watches the socket for these events. False if that cannot be. */
MUST_CHECK bool conn_watch_for(struct conn *c, uint32_t events);

/* Sends what libpq holds. What the socket does not take follows when it can. */
void conn_flush(struct conn *c);

/* When to look for rows that the TLS layer holds, in milliseconds. -1 if it need not be. */
int conn_layer_ms(const struct conn *c);

/* The names of an attempt were looked up. */
void conn_on_hosts(struct hosts *h);

/* The socket of an attempt is ready. */
void conn_go_on_connecting(struct conn *c);

/* Hands over what has arrived, a portion at a time. If more is left, `unread` is set. */
void conn_take_results(struct conn *c);

#endif
