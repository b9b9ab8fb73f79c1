/* SPDX-License-Identifier: PostgreSQL */
/*
 * decode.h: turns rows of herald.read and herald.replay into events.
 *
 * The rows are binary results. Nothing is copied, so texts point into the PGresult. The module also
 * writes the text arrays that go the other way, as parameters.
 */
#ifndef PG_DECODE_H
#define PG_DECODE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/buf.h"
#include "hub/event.h"

/* Room for the keys and the composed data of one event, kept from row to row. Room for long data is
 * given back with the next row. */
struct decode {
	struct text *items;
	size_t cap;
	struct buf data;
};

void decode_init(struct decode *d);
void decode_release(struct decode *d);

/*
 * Decodes one row. It has tick, id, topic, event, audience, unless, data, key, row_now, row_was and
 * bytes. The event is valid while res and d are, and until the next call. False if it is not such a
 * row. The log then says so.
 *
 * The data of a default event is composed here, as herald.default_data does it in SQL. It has "op",
 * "table", "key", "row", "old" and "changed". So writers need not work out what they have changed.
 *
 * Data that is too long comes without its text, and the event's data says so. A change that the
 * server cannot hand out becomes `bulk` (fault), for everyone on the topic. NULL elements of the
 * audience belong to nobody, and are left out.
 */
MUST_CHECK bool decode_event(struct decode *d, const PGresult *res, struct event *ret_event);

/* True if the row is a change that the server cannot hand out. */
bool decode_is_unreadable(const PGresult *res);

/* Values of the result's one row, in binary. decode_int8 gives 0, and decode_bool false, if the
 * value is NULL or has another length. decode_text points into res, and gives "" for NULL. */
int64_t decode_int8(const PGresult *res, int column);
struct text decode_text(const PGresult *res, int column);
bool decode_bool(const PGresult *res, int column);

/* A text[] as strings, for the caller to free. An element that is NULL is "". NULL and 0 for SQL's
 * NULL. */
char **decode_strings(const PGresult *res, int column, size_t *ret_count);

/* Appends a text[] as PostgreSQL reads it: {"a","b"}. */
void decode_append_array(struct buf *out, char *const *values, size_t count);

#endif
