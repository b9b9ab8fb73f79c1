/* SPDX-License-Identifier: PostgreSQL */
/*
 * heartbeat.h: the heartbeat of an open stream: when it is pinged, and when it is given up. A ping
 * is due after silence only: what is sent moves it, without a timer being set; the timer looks when
 * something went out last.
 */
#ifndef OUTLET_HEARTBEAT_H
#define OUTLET_HEARTBEAT_H

#include <stdint.h>

#include "base/timers.h"

/* a busy process stretches the period up to here: proxies cut at 60 s */
#define HEARTBEAT_MOST_MS 55000
#define HEARTBEAT_SPREAD_MS 500 /* streams that fell silent together are not pinged in one turn */

struct outlet;

struct heartbeat {
	/* the next look; while the socket takes nothing, or the last frame goes out: when to give
	 * up */
	struct timer timer;
	int64_t sent_ms; /* when something went out last, monotonic */
	/* a shorter period, which proxycuts.h knows that this client needs; 0: none */
	int learned_ms;
};

/*
 * The period: the configured one; while the loop is busy (share of its time, 0 to 1) for more than
 * half of its time up to twice that; one that was learned is kept whatever the load.
 */
int heartbeat_period_ms(int configured_ms, int learned_ms, double share);

void heartbeat_start(struct outlet *o); /* its client is known, nothing is sent yet */
void heartbeat_stop(struct outlet *o);
void heartbeat_sent(struct outlet *o);
void heartbeat_give_up_in(struct outlet *o, int64_t ms);
void heartbeat_go_on(struct outlet *o); /* it is not to be given up any more */
void heartbeat_left(struct outlet *o);  /* its client's side ended it: what does that teach? */

#endif
