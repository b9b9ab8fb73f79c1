/* SPDX-License-Identifier: PostgreSQL */
/*
 * head.h: is a request's head beyond doubt, and within our limits? Behind a proxy, a request that two programs read
 * differently is a second, smuggled one (RFC 9112 11.2), and libmicrohttpd 0.9.75 reads loosely: it takes Content-Length beside
 * Transfer-Encoding, the first of several lengths, bare LF for a line's end, cuts at a NUL, adds a folded line to the header's name,
 * ends the head at a line that begins with a NUL or a colon. 1.0 refuses most of that itself, takes two lengths before 1.0.4, and
 * cuts blanks off a value's end. Both parse in place, though, and this is the proof that is asked for: method, target, version, each
 * name and value lie one after the other in its buffer, with nothing between them but a colon, blanks and a line's end, as the
 * running library leaves it, up to the head's end. What was cut, folded or ended in another way leaves a gap.
 * What is a limit of the library for good is in the README, Security model.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#define HEAD_FIELDS_MAX 100
#define HEAD_BODY_MAX ((size_t)64 << 10)

struct request;

struct head {
	unsigned status;  /* to refuse the request with; 0: it is well */
	const char *why;  /* a sentence */
	size_t body_len;  /* that is to be read */
	bool has_body;    /* or says so: it may be sent though the request is refused */
};

/* Reads r's head, of which r->target must be set. takes_body: is there something that takes one? Any other request with a body is
 * refused. */
void head_read(struct head *h, const struct request *r, bool takes_body);

#endif
