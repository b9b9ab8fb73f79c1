/* SPDX-License-Identifier: PostgreSQL */
/*
 * heartbeat.h: decides when an open connection is pinged, and when it is given up.
 *
 * A ping is due only after silence. What is sent moves the ping, but sets no timer. The timer looks
 * when something went out last. The outlet owns its heartbeat. Times are milliseconds.
 */
#ifndef OUTLET_HEARTBEAT_H
#define OUTLET_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/timers.h"

/* A busy process stretches the period up to here. Proxies cut at 60 s. */
#define HEARTBEAT_MOST_MS 55000
/* Connections that fell silent together are not pinged in one turn. */
#define HEARTBEAT_SPREAD_MS 500

struct outlet;

struct heartbeat {
	/*
	 * The next look. It is the time to give up while the socket takes nothing, or while the
	 * last frame goes out.
	 */
	struct timer timer;
	int64_t sent_ms; /* when something went out last, by the loop's clock */
	/* A shorter period that this client needs (proxycuts.h). 0 if there is none. */
	int learned_ms;
};

/*
 * Returns the period. `share` is the share of its time in which the loop is busy, 0 to 1.
 *
 * The period is the configured one. If the loop is busy for more than half of its time, the period
 * grows to at most twice that. The growth stops below HEARTBEAT_MOST_MS. A learned period does not
 * depend on the load, and is at most the configured one.
 */
int heartbeat_period_ms(int configured_ms, int learned_ms, double share);

/*
 * To be called when the client is known and nothing has been sent yet. `beat` is called with the
 * heartbeat's timer when it is time to look again.
 */
void heartbeat_start(struct outlet *o, void (*beat)(struct timer *t));
/* True if a ping is due now. Sets the time of the next look. */
bool heartbeat_is_due(struct outlet *o);
void heartbeat_stop(struct outlet *o);
void heartbeat_sent(struct outlet *o); /* something has gone out now */
/* Gives the connection up after ms milliseconds, unless it goes on before that. */
void heartbeat_give_up_in(struct outlet *o, int64_t ms);
void heartbeat_go_on(struct outlet *o); /* the socket takes bytes again */
void heartbeat_left(struct outlet *o);  /* tells proxycuts.h that the client's side ended it */

#endif
