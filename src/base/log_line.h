/* SPDX-License-Identifier: PostgreSQL */
/*
 * log_line.h: what a line of the log looks like, as log.h says. Only log.c includes it.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/log.h"

#define LOG_LEVELS 4

extern const char *const log_level_names[LOG_LEVELS];

struct log_line {
	enum log_level level;
	const char *message;
	const struct log_field *fields; /* for JSON only */
	size_t field_count;
	bool as_json, to_journal;
};

/* Appends the line with its end. */
void log_line_append(struct buf *line, const struct log_line *what);

#endif
