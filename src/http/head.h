/* SPDX-License-Identifier: PostgreSQL */
/*
 * head.h: a request's head, which we read before the HTTP library gets a byte of it. If two
 * programs behind each other read a request differently, it can hide a second, smuggled one (RFC
 * 9112 11.2). Each version of libmicrohttpd reads in its own way. Version 0.9.75 has these faults:
 *
 * - It takes a bare LF as the end of a line.
 * - It cuts at NULs.
 * - It folds lines.
 * - It sends its own refusals twice.
 *
 * All versions give up in the middle of a head that fills their memory. So only the plain form of
 * RFC 9112 is passed on, which cannot be read in two ways:
 *
 * - Names and methods are tokens, with one blank or colon between.
 * - Lines end with CRLF and have no control characters.
 * - There is one Host, and one length of digits.
 * - There is no transfer coding.
 * - All of it is within limits.
 *
 * Pure. Bytes go in and a verdict comes out.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Limits of a head, and of a body below. HEAD_MAX and HEAD_BODY_MAX are in bytes. */
#define HEAD_MAX ((size_t)32 << 10)
#define HEAD_FIELDS_MAX 100
#define HEAD_COOKIES_MAX 500

/*
 * The memory that the library needs for a connection, in bytes. Half of it is for the bytes that
 * the library reads. The other half has these parts:
 *
 * - copies of Cookie fields
 * - a note of at most HEAD_NOTE bytes for each field and each cookie
 * - the head of an answer
 *
 * A pool of up to 32 KiB costs little.
 */
#define HEAD_NOTE 80
#define HEAD_ANSWER ((size_t)6 << 10) /* a cookie of COOKIE_MAX may be in it */
#define HEAD_MEMORY ((size_t)32 << 10)
#define HEAD_MEMORY_MAX \
	(2 * (HEAD_MAX + HEAD_NOTE * (HEAD_FIELDS_MAX + HEAD_COOKIES_MAX) + HEAD_ANSWER))
#define HEAD_BODY_MAX ((size_t)64 << 10)

struct target;

struct head {
	unsigned status; /* to refuse the request with; 0 if it is well so far */
	const char *why; /* a sentence */
	int minor;       /* of HTTP/1.x */
	int fields, cookies, hosts, lengths, codings, authorizations, types;
	size_t cookie_bytes;
	bool large;      /* HEAD_MEMORY is not enough for it */
	uint64_t length; /* as announced */
	bool has_body;   /* or says so; the body may come even if the request is refused */
	bool chunked, packed, is_json;
	bool expects;    /* anything but 100-continue */
	size_t body_len; /* that is to be read; set by head_judge */
};

/*
 * Reads what has come of a connection, from its first byte on. True if there is a verdict, because
 * the head is whole or is refused. False if more has to come. The next call sees the same bytes and
 * more. HEAD_MAX + 2 bytes always have a verdict. The 2 are for an empty line before the first one
 * (RFC 9112 2.2).
 */
bool head_scan(struct head *h, const char *bytes, size_t len);

/*
 * The same, if the first `scanned` of these bytes had no verdict before. 0 means that nothing has
 * been scanned. A head that comes in pieces is read only a few times, not once for each piece.
 */
bool head_scan_on(struct head *h, const char *bytes, size_t len, size_t scanned);

/* Refuses the request with this status and sentence, unless it is refused already. */
void head_refuse(struct head *h, unsigned status, const char *why);

/* How many bytes a name or a method has here (a token of RFC 9110 5.6.2). */
size_t head_token_len(struct text t);

/*
 * Judges what depends on the method and target. A request with a body is refused unless
 * `takes_body` says that something takes one.
 */
void head_judge(struct head *h, const char *method, const struct target *target, bool takes_body);

#endif
