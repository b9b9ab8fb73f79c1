/* SPDX-License-Identifier: PostgreSQL */
/*
 * reply.h: whole answers: errors as {"success":false,"errors":["…"]}, JSON, text. Each closes its
 * connection: what the client sent behind the request is never read as another one.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "http/options.h"
#include "http/request.h"

struct reply {
	unsigned status;
	const char *type;                  /* media type */
	const char *body;                  /* NUL-terminated; copied */
	const char *header, *header_value; /* one more header, or NULL */
	bool may_keep;  /* the client may keep it, and asks each time whether it still holds */
	bool head_only; /* of reply_append_raw: the answer to HEAD */
};

bool reply_send(const struct request *r, const struct http_options *options,
		const struct reply *reply);

/* An error with one sentence. */
bool reply_error(const struct request *r, const struct http_options *options, unsigned status,
		 const char *sentence, const char *header, const char *header_value);

void reply_append_error(struct buf *out, const char *sentence); /* its body */

/* The status line, and Date (RFC 9110 6.6.1). */
void reply_append_start(struct buf *out, unsigned status);

/* A whole answer as bytes, for a socket that is the library's no more; it ends the connection. */
void reply_append_raw(struct buf *out, const struct reply *reply, const char *cors);

/* CORS header lines ("Name: value\r\n…") for a stream's own head; NULL: none. The caller frees it.
 */
char *reply_cors(const struct request *r, const struct http_options *options);

/* 204 to OPTIONS: which methods the path has, and to a preflight request (Fetch standard, CORS
 * protocol) what pages of allowed origins may send. */
bool reply_preflight(const struct request *r, const struct http_options *options,
		     const char *methods);

#endif
