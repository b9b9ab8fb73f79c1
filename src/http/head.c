/* SPDX-License-Identifier: PostgreSQL */
#include "http/head.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "http/request.h"

/* The buffer is half of the library's 32 KB before it grows; little room is less than 1500 bytes. */
#define IN_PLACE ((size_t)14 << 10)

/* --- header fields --- */

struct walk {
	const char *version;
	const char *last; /* the text before the next field: the version, or a value */
	const char *end;  /* of the head */
	int fields, hosts, lengths, authorizations, types;
	bool keeps_line_feeds;
	bool broken, coded;
	const char *host, *length, *expect, *type, *encoding;
};

/* RFC 9110 5.6.2: what a name, or a method, may consist of. */
static bool is_token(const char *text)
{
	size_t len = strspn(text, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	return len > 0 && text[len] == '\0';
}

static bool has_control(const char *value)
{
	for (; *value != '\0'; value++)
		if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7f)
			return true;
	return false;
}

static bool is(const char *name, const char *header)
{
	return strcasecmp(name, header) == 0;
}

static void keep_what_matters(struct walk *w, const char *name, const char *value)
{
	if (is(name, MHD_HTTP_HEADER_HOST))
		w->hosts++, w->host = value;
	else if (is(name, MHD_HTTP_HEADER_CONTENT_LENGTH))
		w->lengths++, w->length = value;
	else if (is(name, MHD_HTTP_HEADER_TRANSFER_ENCODING))
		w->coded = true;
	else if (is(name, MHD_HTTP_HEADER_AUTHORIZATION))
		w->authorizations++;
	else if (is(name, MHD_HTTP_HEADER_CONTENT_TYPE))
		w->types++, w->type = value;
	else if (is(name, MHD_HTTP_HEADER_CONTENT_ENCODING))
		w->encoding = value;
	else if (is(name, MHD_HTTP_HEADER_EXPECT))
		w->expect = value;
}

/*
 * Since 1.0 the library makes a NUL of a CR, or of the first blank in front of it, and leaves the rest of the line's end; so a blank and LF
 * look like CRLF, which it refuses itself. Before, it makes two NULs of CR and LF.
 */
static bool library_keeps_line_feeds(void)
{
	return strncmp(MHD_get_version(), "0.", 2) != 0;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* Where the next line begins, after the one that w->last ends; NULL: that one was not sent with CRLF, or the head is over. */
static const char *next_line(const struct walk *w)
{
	const char *nul = w->last + strlen(w->last), *at = nul + 1;

	if (w->keeps_line_feeds && w->last != w->version) {
		at = skip_blanks(at, w->end);
		if (at < w->end && *at == '\r')
			at++;
		else if (at > nul + 1)
			return NULL;
	}
	return at < w->end && *at == (w->keeps_line_feeds ? '\n' : '\0') ? at + 1 : NULL;
}

/* Nothing but blanks between name and value, where the colon is a NUL now. */
static bool are_neighbours(const char *name, const char *value)
{
	return skip_blanks(name + strlen(name) + 1, value) == value;
}

static enum MHD_Result look_at_field(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct walk *w = ctx;

	(void)kind;
	w->fields++;
	if (value == NULL || name != next_line(w) || !are_neighbours(name, value) || !is_token(name) || has_control(value)) {
		w->broken = true;
		return MHD_NO;
	}
	w->last = value;
	keep_what_matters(w, name, value);
	return MHD_YES;
}

/*
 * Does the empty line follow, and end the head? Where little room is left in its buffer, 1.0 moves what came after the head down to the
 * last value, over the line's end and the empty line. That there was room for two CRLF and nothing else is seen still.
 */
static bool ends_well(const struct walk *w, size_t size)
{
	const char *line = next_line(w);

	if (w->keeps_line_feeds && size > IN_PLACE && w->last + strlen(w->last) + 4 == w->end)
		return true;
	return line != NULL && line + 2 == w->end && (w->keeps_line_feeds ? memcmp(line, "\r\n", 2) == 0 : *line == '\0');
}

/* From the first byte of the method to the empty line: nothing was left out, see head.h. */
static void walk_head(struct walk *w, const struct request *r)
{
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	w->keeps_line_feeds = library_keeps_line_feeds();
	w->version = w->last = r->version;
	w->broken = size == NULL || r->target->place != r->method + strlen(r->method) + 1 ||
		    r->version != r->target->place + r->target->len + 1;
	if (w->broken)
		return;
	w->end = r->method + size->header_size;
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, look_at_field, w);
	w->broken = w->broken || !ends_well(w, size->header_size);
}

/* --- judging --- */

static void refuse(struct head *h, unsigned status, const char *why)
{
	if (h->status == 0)
		h->status = status, h->why = why;
}

static bool is_host(const char *value)
{
	size_t len = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()*+,;=:[]");

	return len > 0 && value[len] == '\0';
}

static bool is_known_method(const char *method)
{
	static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return false;
}

/* "application/json", perhaps with "; charset=utf-8"; other parameters mean nothing (RFC 8259 11). */
static bool is_json(const char *type)
{
	size_t len = strcspn(type, "; \t");

	if (len != 16 || strncasecmp(type, "application/json", len) != 0)
		return false;
	for (type += len; *(type += strspn(type, "; \t")) != '\0'; type += len) {
		len = strcspn(type, "; \t");
		if (strncasecmp(type, "charset", 7) == 0 && !(len == 13 && strncasecmp(type, "charset=utf-8", len) == 0) &&
		    !(len == 15 && strncasecmp(type, "charset=\"utf-8\"", len) == 0))
			return false;
	}
	return true;
}

/* The library has seen to it that a length is of digits only. */
static size_t parse_length(const char *digits)
{
	unsigned long long value;

	errno = 0;
	value = strtoull(digits, NULL, 10);
	return errno != 0 || value > HEAD_BODY_MAX ? HEAD_BODY_MAX + 1 : (size_t)value;
}

static void judge_body(struct head *h, const struct walk *w, bool taken)
{
	size_t len = w->length == NULL ? 0 : parse_length(w->length);

	if (!taken && w->length != NULL && strcmp(w->length, "0") != 0)
		refuse(h, MHD_HTTP_BAD_REQUEST, "This request takes no body");
	if (len > HEAD_BODY_MAX)
		refuse(h, MHD_HTTP_CONTENT_TOO_LARGE, "The body is longer than 64 KB");
	if (len > 0 && w->encoding != NULL)
		refuse(h, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "The body must not be encoded");
	if (len > 0 && (w->type == NULL || !is_json(w->type)))
		refuse(h, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "The body must be application/json in UTF-8");
	h->body_len = h->status == 0 ? len : 0;
}

static void judge_repeats(struct head *h, const struct walk *w, const struct request *r)
{
	if (w->authorizations > 1 || r->target->tokens > 1)
		refuse(h, MHD_HTTP_BAD_REQUEST, "The request brings more than one token in the same way");
	if (w->types > 1)
		refuse(h, MHD_HTTP_BAD_REQUEST, "The request has more than one Content-Type");
}

void head_read(struct head *h, const struct request *r, bool takes_body)
{
	struct walk w = {.fields = 0};

	walk_head(&w, r);
	*h = (struct head){.has_body = w.coded || (w.length != NULL && strcmp(w.length, "0") != 0)};
	if (w.fields > HEAD_FIELDS_MAX)
		refuse(h, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "The request has more than 100 header fields");
	if (w.broken || w.coded || w.lengths > 1)
		refuse(h, MHD_HTTP_BAD_REQUEST, "The request's framing is not clear");
	if (w.hosts > 1 || (w.host != NULL && !is_host(w.host)))
		refuse(h, MHD_HTTP_BAD_REQUEST, "The request's Host is not one name");
	if (!r->target->usable)
		refuse(h, MHD_HTTP_BAD_REQUEST, "The request's target is malformed");
	judge_repeats(h, &w, r);
	if (!is_known_method(r->method))
		refuse(h, MHD_HTTP_NOT_IMPLEMENTED, "This method is not known");
	if (w.expect != NULL && !is(w.expect, "100-continue"))
		refuse(h, MHD_HTTP_EXPECTATION_FAILED, "Nothing but 100-continue can be expected here");
	judge_body(h, &w, takes_body);
}
