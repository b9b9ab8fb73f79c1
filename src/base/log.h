/* SPDX-License-Identifier: PostgreSQL */
/*
 * log.h: one line an occurrence, to stderr; whoever runs the program rotates. Text on one line
 * ("2026-11-22T10:00:00.123Z info  message") or JSON lines ({"time","level","message"}). Control characters
 * of any value are escaped, so nobody can forge a line. Never hand a token, a key or a cookie to these.
 * Style of a message: what happened or failed first, the subject in single quotes, what to do last, no full stop.
 * errno is left as it was.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/base.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_setup(enum log_level level, bool json);
bool log_level_parse(const char *name, enum log_level *ret_level); /* error, warn, info, debug */
bool log_enabled(enum log_level level);

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Boot only: says why and ends the program with this exit status. */
NORETURN void die(int status, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
