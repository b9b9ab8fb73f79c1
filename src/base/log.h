/* SPDX-License-Identifier: PostgreSQL */
/*
 * log.h: writes one line for each occurrence to stderr. The program that runs this one rotates.
 *
 * A line is text or JSON:
 *
 *   2026-11-22T10:00:00.123Z info  message
 *   {"time":"…","level":"…","message":"…"}
 *
 * A line of JSON may have more fields (log_record). If stderr is the journal of systemd, each line
 * begins with its priority, such as <6>, which the journal takes off.
 *
 * Control characters of any value are escaped, so nobody can forge a line. Never hand a token, a
 * key or a cookie to these functions. A command writes its lines itself. A daemon leaves that to a
 * thread (log_detach), and waits for nobody who reads them. errno stays as it was.
 *
 * A message first says what happened or failed, and last what to do. Subjects stand in single
 * quotes. There is no full stop.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/base.h"

#define LOG_PATIENCE_MS 250 /* for the lines that wait at the end */

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines that are less severe than level are left out. */
void log_setup(enum log_level level, bool json);
bool log_level_parse(const char *name, enum log_level *ret_level); /* error, warn, info or debug */
bool log_enabled(enum log_level level);

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

struct log_field {
	const char *name;
	const char *text; /* NULL: the value is the number */
	int64_t number;
};

/* In JSON, a line with these words as its message, and the fields. Else the sentence. */
void log_record(enum log_level level, const char *words, const struct log_field *fields,
		size_t count, const char *fmt, ...) PRINTF_LIKE(5, 6);

/*
 * From now on nothing waits for the log. A reader that goes away does not end this process, nor
 * does a limit on the file's size. If the process aborts, waiting lines are written as in
 * log_flush.
 */
void log_detach(void);
/* fork(), after log_detach. Each of the two has a thread of its own for its lines. The parent
 * writes the lines that wait before, as in log_flush. */
pid_t log_fork(void);
/* Ends what log_detach began. Waiting lines are written, or given up after LOG_PATIENCE_MS. */
void log_flush(void);
uint64_t log_dropped(void); /* lines that were never written, since log_detach */

/* Before log_setup, this writes "pgherald: " and the sentence for the person who typed the command.
 * After it, at SIGHUP, this writes a line of the log. */
void log_complain(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Logs why, and ends the program with this exit status. It is for the start, and for a lack of
 * memory or randomness. */
NORETURN void die(int status, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
