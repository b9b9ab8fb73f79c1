/* SPDX-License-Identifier: PostgreSQL */
/*
 * cookie.h: the cookie that holds a token. It is read from the field Cookie, and written as the
 * field Set-Cookie (RFC 6265 4). Pure.
 *
 * No script of a page can read the cookie that is written. The browser sends it to all paths of
 * this host, because streams have any path. With requests of other sites it sends it only where the
 * user follows a link.
 */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "base/buf.h"

/* Browsers lose a longer one without a word. In bytes, with its name and attributes. */
#define COOKIE_MAX 4096
#define COOKIE_SECONDS_MAX (INT64_C(400) * 86400) /* browsers make more into this */

struct cookie {
	const char *name, *value;
	int64_t seconds; /* how long the browser keeps it; with 0 it forgets it at once */
	bool secure;     /* it is for https only */
};

/* True if browsers and this program read the name alike. */
bool cookie_name_is_good(const char *name);

/* The value in one field Cookie, which the caller frees. NULL if there is none of this name. */
char *cookie_find(const char *header, const char *name);

/*
 * Appends the value of Set-Cookie. False if browsers would not keep the cookie, because it is
 * longer than COOKIE_MAX.
 *
 * A name that begins with __Host- or __Secure- makes any cookie secure. Browsers refuse it
 * otherwise (RFC 6265bis 4.1.3).
 */
MUST_CHECK bool cookie_append(const struct cookie *c, struct buf *out);

#endif
