/* SPDX-License-Identifier: PostgreSQL */
/*
 * supervisor.h: tells the program that has started this one how it is (sd_notify(3)). systemd asks
 * for it with Type=notify: it names a socket in NOTIFY_SOCKET. Without that nobody is told.
 *
 * Nothing waits, and what cannot be sent is lost, because a daemon serves its clients all the same.
 */
#ifndef BASE_SUPERVISOR_H
#define BASE_SUPERVISOR_H

#include <stdint.h>

void supervisor_ready(void);     /* clients are let in, or a reload is over */
void supervisor_reloading(void); /* a reload has begun */
void supervisor_stopping(void);

/*
 * How often it wants to hear that this process lives: twice in the time that WatchdogSec= allows. 0
 * if it does not ask.
 */
int64_t supervisor_watchdog_ms(void);
void supervisor_alive(void);

#endif
