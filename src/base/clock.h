/* SPDX-License-Identifier: PostgreSQL */
/*
 * clock.h: two clocks that must not be mixed up.
 *
 * The monotonic clock never jumps. Timers and time limits use it. The wall clock is the time of
 * day. Tokens are judged by it. Each name ends in its unit, milliseconds or microseconds.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
int64_t clock_wall_ms(void);

#endif
