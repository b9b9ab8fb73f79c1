/* SPDX-License-Identifier: PostgreSQL */
/*
 * head.h: a request's head, read by us before the HTTP library gets a byte of it. Behind a proxy, a
 * request that two programs read differently is a second, smuggled one (RFC 9112 11.2), and each
 * version of libmicrohttpd reads in its own way: 0.9.75 takes bare LF for a line's end, cuts at
 * NULs, folds lines, says its own refusals twice; all of them give up in the middle of a head that
 * fills their memory. So nothing but the plain form of RFC 9112 is passed on, where nobody can read
 * two things: tokens, one blank or colon between them, CRLF, no controls, one Host, one length of
 * digits, no transfer coding, and all of it within limits. Pure: bytes in, a verdict out.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_MAX ((size_t)32 << 10)
#define HEAD_FIELDS_MAX 100
#define HEAD_COOKIES_MAX 500

/*
 * What the library needs of memory. Half of it is for the bytes that it reads. In the other half it
 * copies Cookie fields, notes each field and each cookie in HEAD_NOTE bytes at most, and writes an
 * answer's head. Up to 32 KB its pool costs little.
 */
#define HEAD_NOTE 80
#define HEAD_ANSWER ((size_t)2 << 10)
#define HEAD_MEMORY ((size_t)32 << 10)
#define HEAD_MEMORY_MAX \
	(2 * (HEAD_MAX + HEAD_NOTE * (HEAD_FIELDS_MAX + HEAD_COOKIES_MAX) + HEAD_ANSWER))
#define HEAD_BODY_MAX ((size_t)64 << 10)

struct target;

struct head {
	unsigned status; /* to refuse the request with; 0: it is well, so far */
	const char *why; /* a sentence */
	int minor;       /* of HTTP/1.x */
	int fields, cookies, hosts, lengths, codings, authorizations, types;
	size_t cookie_bytes;
	bool large;      /* HEAD_MEMORY is not enough for it */
	uint64_t length; /* announced */
	bool has_body;   /* or says so: it may be sent though the request is refused */
	bool chunked, packed, is_json;
	bool expects;    /* anything but 100-continue */
	size_t body_len; /* that is to be read; since head_judge */
};

/*
 * Reads what has come of a connection, from its first byte on. True: the verdict is there, the head
 * is whole or is refused; false: more has to come. What is called again sees the same bytes and
 * more. HEAD_MAX + 2 bytes always have a verdict: an empty line may stand in front (RFC 9112 2.2).
 */
bool head_scan(struct head *h, const char *bytes, size_t len);

/* The same, when the first `scanned` of these bytes have had no verdict before: most heads that
 * come in pieces are read a few times only, not once for each piece. 0: nothing has been scanned.
 */
bool head_scan_on(struct head *h, const char *bytes, size_t len, size_t scanned);

/* What depends on what is asked for. takes_body: is there something that takes one? Any other
 * request with a body is refused. */
void head_judge(struct head *h, const char *method, const struct target *target, bool takes_body);

#endif
