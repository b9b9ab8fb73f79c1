/* SPDX-License-Identifier: PostgreSQL */
/*
 * log.h: one line an occurrence, to stderr; whoever runs the program rotates. Text on one line
 * ("2026-11-22T10:00:00.123Z info  message") or JSON lines ({"time","level","message"}). Control
 * characters of any value are escaped, so nobody can forge a line. Never hand a token, a key or a
 * cookie to these. A command's lines are written by whoever logs. A daemon's go to a thread
 * (log_detach): it waits for nobody who reads them. Style of a message: what happened or failed
 * first, the subject in single quotes, what to do last, no full stop. errno is left as it was.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

#define LOG_PATIENCE_MS 250 /* for the lines that wait, at the end */

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_setup(enum log_level level, bool json);
bool log_level_parse(const char *name, enum log_level *ret_level); /* error, warn, info, debug */
bool log_enabled(enum log_level level);

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* From now on nothing waits for the log, and no reader that ends, nor a limit of the file's size,
 * ends this process. What waits when it aborts is written as at log_flush. */
void log_detach(void);
/* the end of that: what waits is written, or given up after LOG_PATIENCE_MS */
void log_flush(void);
uint64_t log_dropped(void); /* lines that were never written, since log_detach */

/* Before log_setup it is for who typed the command: "pgherald: " and the sentence. After it
 * (SIGHUP) it is a line of the log. */
void log_complain(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Boot only: says why and ends the program with this exit status. */
NORETURN void die(int status, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
