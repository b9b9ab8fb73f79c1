/* SPDX-License-Identifier: PostgreSQL */
/*
 * decode.h: rows of herald.read and herald.replay (binary results) as events, without copying:
 * texts point into the PGresult. Also the text arrays that go the other way, as parameters.
 */
#ifndef PG_DECODE_H
#define PG_DECODE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/buf.h"
#include "hub/event.h"

/* Room for the keys and the composed data of one event, kept from row to row. A long one is given
 * back with the next. */
struct decode {
	struct text *items;
	size_t cap;
	struct buf data;
};

void decode_init(struct decode *d);
void decode_release(struct decode *d);

/* One row (tick, id, topic, event, audience, unless, data, key, row_now, row_was, bytes). Valid
 * while res and d are, and until the next call. What comes without its text, for it is too long,
 * says so as its data; what the server cannot hand out becomes `bulk` (fault) for everyone on the
 * topic. The data of a default event is composed here, as herald.default_data does it in SQL:
 * {"op", "table", "key", "row", "old", "changed"}; so writers need not work out what they have
 * changed. NULL elements of the audience are left out: they are nobody's. False: not such a row;
 * logged. */
MUST_CHECK bool decode_event(struct decode *d, const PGresult *res, struct event *ret_event);

/* Is this row one that the server cannot hand out? */
bool decode_is_unreadable(const PGresult *res);

int64_t decode_int8(const PGresult *res, int column);
struct text decode_text(const PGresult *res, int column);
bool decode_bool(const PGresult *res, int column);

/* A text[] as strings that the caller frees; NULL and 0 for NULL. */
char **decode_strings(const PGresult *res, int column, size_t *ret_count);

/* Appends '{"a","b"}'. */
void decode_append_array(struct buf *out, char *const *values, size_t count);

#endif
