/* SPDX-License-Identifier: PostgreSQL */
#include "pg/decode.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "hub/jsontext.h"

enum {
	COL_TICK,
	COL_ID,
	COL_TOPIC,
	COL_EVENT,
	COL_AUDIENCE,
	COL_UNLESS,
	COL_DATA,
	COL_KEY,
	COL_NOW,
	COL_WAS,
	COL_BYTES,
	COLUMNS
};

/* Room for composed data of this many bytes is kept from row to row. */
#define DATA_KEPT ((size_t)256 << 10)
#define UNREADABLE (-1) /* in the column bytes */

void decode_init(struct decode *d)
{
	*d = (struct decode){.cap = 0};
	buf_init(&d->data);
}

void decode_release(struct decode *d)
{
	free(d->items);
	buf_release(&d->data);
	decode_init(d);
}

int64_t decode_int8(const PGresult *res, int column)
{
	uint64_t n;

	if (PQgetlength(res, 0, column) != sizeof(n))
		return 0;
	memcpy(&n, PQgetvalue(res, 0, column), sizeof(n));
	return (int64_t)be64toh(n);
}

struct text decode_text(const PGresult *res, int column)
{
	return (struct text){PQgetvalue(res, 0, column), (size_t)PQgetlength(res, 0, column)};
}

bool decode_bool(const PGresult *res, int column)
{
	return PQgetlength(res, 0, column) == 1 && *PQgetvalue(res, 0, column) != 0;
}

static int32_t get_int4(const char **p)
{
	uint32_t n;

	memcpy(&n, *p, sizeof(n));
	*p += sizeof(n);
	return (int32_t)ntohl(n);
}

/* A binary array of one dimension. Its head has the number of dimensions, a flag for NULLs, the
 * element type, the length and the lower bound. The elements follow. */
struct array {
	const char *at;
	int32_t left;
};

static struct array array_open(const PGresult *res, int column)
{
	const char *p = PQgetvalue(res, 0, column);
	struct array a = {NULL, 0};

	if (PQgetisnull(res, 0, column) || PQgetlength(res, 0, column) < 20 || get_int4(&p) != 1)
		return a;
	p += 8;
	a.left = get_int4(&p);
	a.at = p + 4;
	return a;
}

/* False at the end. An element that is NULL has bytes NULL. */
static bool array_next(struct array *a, struct text *ret_item)
{
	int32_t len;

	if (a->left-- <= 0)
		return false;
	len = get_int4(&a->at);
	*ret_item = (struct text){len < 0 ? NULL : a->at, len < 0 ? 0 : (size_t)len};
	a->at += ret_item->len;
	return true;
}

/* Appends the column's keys to the items. Those may move as they grow. So an event's pointers into
 * them are set only when all are in. */
static size_t take_keys(struct decode *d, size_t used, const PGresult *res, int column)
{
	struct array a = array_open(res, column);
	struct text item;

	while (array_next(&a, &item)) {
		if (item.bytes == NULL)
			continue;
		if (used == d->cap) {
			d->cap = d->cap == 0 ? 16 : d->cap * 2;
			d->items = xrealloc(d->items, d->cap * sizeof(*d->items));
		}
		d->items[used++] = item;
	}
	return used;
}

/* SQL's NULL has bytes NULL. */
static struct text nullable_text(const PGresult *res, int column)
{
	return PQgetisnull(res, 0, column) ? (struct text){NULL, 0} : decode_text(res, column);
}

static void append_member(struct buf *out, const char *name, struct text value)
{
	buf_append_str(out, name);
	if (value.bytes == NULL)
		buf_append_str(out, "null");
	else
		buf_append(out, value.bytes, value.len);
	buf_append_str(out, ", ");
}

/* Returns a rule's data as it is. A default event's data is an object of the constant members. To
 * it, key, row and what has changed are added. */
static struct text event_data(struct decode *d, const PGresult *res)
{
	struct text data = decode_text(res, COL_DATA), now = nullable_text(res, COL_NOW),
		    was = nullable_text(res, COL_WAS);
	struct text key = nullable_text(res, COL_KEY);

	if (d->data.cap > DATA_KEPT)
		buf_release(&d->data);
	if ((key.bytes == NULL && now.bytes == NULL && was.bytes == NULL) || data.len < 3 ||
	    data.bytes[0] != '{')
		return data;
	buf_clear(&d->data);
	buf_append(&d->data, data.bytes, data.len - 1);
	buf_append_str(&d->data, ", ");
	append_member(&d->data, "\"key\": ", key);
	append_member(&d->data, "\"row\": ", now);
	jsontext_append_diff(&d->data, was, now);
	buf_append_char(&d->data, '}');
	return (struct text){d->data.data, d->data.len};
}

bool decode_is_unreadable(const PGresult *res)
{
	return PQnfields(res) == COLUMNS && decode_int8(res, COL_BYTES) == UNREADABLE;
}

/* Nobody knows what it was. So every client that follows the topic fetches again. */
static void take_unreadable(struct decode *d, struct event *e)
{
	buf_clear(&d->data);
	buf_append_str(&d->data, "{\"topic\": ");
	buf_append_json(&d->data, e->topic.bytes, e->topic.len);
	buf_append_str(&d->data, ", \"reason\": \"fault\"}");
	e->name = (struct text){"bulk", 4};
	e->everyone = true;
	e->data = (struct text){d->data.data, d->data.len};
}

static void take_left_out(struct decode *d, const PGresult *res, struct event *e)
{
	char room[EVENT_LEFT_OUT_MAX];
	struct text data = event_leave_out((size_t)decode_int8(res, COL_BYTES), room);

	buf_clear(&d->data);
	buf_append(&d->data, data.bytes, data.len);
	e->left_out = (size_t)decode_int8(res, COL_BYTES);
	e->data = (struct text){d->data.data, d->data.len};
}

bool decode_event(struct decode *d, const PGresult *res, struct event *ret_event)
{
	static const struct text nobody;
	struct event *e = ret_event;
	size_t audience, all;

	if (PQnfields(res) != COLUMNS || PQgetisnull(res, 0, COL_TOPIC)) {
		log_error("[STREAM JOB] a row of the change log has not the shape that this "
			  "program knows");
		return false;
	}
	audience = take_keys(d, 0, res, COL_AUDIENCE);
	all = take_keys(d, audience, res, COL_UNLESS);
	*e = (struct event){
		.at = {decode_int8(res, COL_TICK), decode_int8(res, COL_ID)},
		.topic = decode_text(res, COL_TOPIC),
		.name = decode_text(res, COL_EVENT),
		.audience = {d->items, audience},
		.unless = {all > audience                    ? d->items + audience
			   : PQgetisnull(res, 0, COL_UNLESS) ? NULL
							     : &nobody,
			   all - audience},
		.everyone = array_open(res, COL_AUDIENCE).left == 1 && audience == 1 &&
			    text_is(d->items[0], "*"),
		.data = PQgetisnull(res, 0, COL_BYTES) ? event_data(d, res) : (struct text){"", 0},
	};
	if (decode_is_unreadable(res))
		take_unreadable(d, e);
	else if (!PQgetisnull(res, 0, COL_BYTES))
		take_left_out(d, res, e);
	return true;
}

char **decode_strings(const PGresult *res, int column, size_t *ret_count)
{
	struct array a = array_open(res, column);
	char **strings;
	struct text item;
	size_t count = 0;

	*ret_count = 0;
	if (PQgetisnull(res, 0, column))
		return NULL;
	strings = xcalloc((size_t)a.left + 1, sizeof(*strings));
	while (array_next(&a, &item))
		strings[count++] =
			item.bytes == NULL ? xstrdup("") : xstrndup(item.bytes, item.len);
	*ret_count = count;
	return strings;
}

void decode_append_array(struct buf *out, char *const *values, size_t count)
{
	buf_append_char(out, '{');
	for (size_t i = 0; i < count; i++) {
		buf_append_str(out, i == 0 ? "\"" : ",\"");
		for (const char *p = values[i]; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				buf_append_char(out, '\\');
			buf_append_char(out, *p);
		}
		buf_append_char(out, '"');
	}
	buf_append_char(out, '}');
}
