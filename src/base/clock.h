/* SPDX-License-Identifier: PostgreSQL */
/*
 * clock.h: two clocks that must not be mixed up. mono_ms never jumps and is what timers and pings
 * use; wall_ms is the time of day and is what tokens are judged by. Both are milliseconds; mono_us
 * is the former, finer.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
int64_t clock_wall_ms(void);

#endif
