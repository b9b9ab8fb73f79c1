/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticker_bells.h: what wakes the ticker. It hears notifications and timers, and wishes steps
 * (ticker_steps.h). It runs none itself.
 *
 * Notifications are rationed, because anybody can send them. Timers look for what nobody rings for.
 */
#ifndef PG_TICKER_BELLS_H
#define PG_TICKER_BELLS_H

#include "pg/ticker.h"

void ticker_bells_init(struct ticker *t);
/* Sets the timers that run as long as the ticker does. */
void ticker_bells_start(struct ticker *t);
void ticker_bells_stop(struct ticker *t);

/* A notification has come. It is the `notified` of the ticker's connection. */
void ticker_bells_heard(struct conn *c, const char *channel, int backend_pid);

#endif
