/* SPDX-License-Identifier: PostgreSQL */
/*
 * reply.h: whole answers, which are errors as {"success":false,"errors":["…"]}, JSON, or text. Each
 * answer closes its connection. So nothing that a client sends after the request is read as another
 * request.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "http/options.h"
#include "http/request.h"

struct reply {
	unsigned status;
	const char *type; /* media type; NULL of a reply without a body, by reply_send only */
	const char *body; /* NUL-terminated; copied */
	const char *header, *header_value; /* one more header, or NULL */
	bool may_keep;  /* the client may keep it, and asks each time whether it still holds */
	bool head_only; /* for reply_append_raw, in the answer to HEAD */
};

/* Sends the answer by the library. False if the library does not take it, here and below. */
bool reply_send(const struct request *r, const struct http_options *options,
		const struct reply *reply);

/* An error with one sentence. `header` is one more header, or NULL. */
bool reply_error(const struct request *r, const struct http_options *options, unsigned status,
		 const char *sentence, const char *header, const char *header_value);

void reply_append_error(struct buf *out, const char *sentence); /* its body */

/* The status line, and Date (RFC 9110 6.6.1). */
void reply_append_start(struct buf *out, unsigned status);

/*
 * A whole answer as bytes, for a socket that is no longer the library's. It ends the connection.
 * `cors` is from reply_cors, or NULL.
 */
void reply_append_raw(struct buf *out, const struct reply *reply, const char *cors);

/*
 * CORS header lines ("Name: value\r\n…") for a stream's own head. NULL if there are none. The
 * caller frees them.
 */
char *reply_cors(const struct request *r, const struct http_options *options);

/*
 * The answer 204 to OPTIONS. It says which methods the path has. To a preflight request it says
 * what pages of allowed origins may send (Fetch standard, CORS protocol). They may send what they
 * ask for, because libraries that trace requests add fields to each of them.
 */
bool reply_preflight(const struct request *r, const struct http_options *options,
		     const char *methods);

#endif
