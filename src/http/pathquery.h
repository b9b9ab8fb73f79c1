/* SPDX-License-Identifier: PostgreSQL */
/*
 * pathquery.h: a request target that stands in a text, such as "/api/orders/events?store=a%20b":
 * the value of a parameter, a word of a command's line. Decoded as the HTTP library decodes the
 * target of a request, and strictly: the gate has asked nobody yet. What stands there undecoded may
 * be any UTF-8, not ASCII only.
 */
#ifndef HTTP_PATHQUERY_H
#define HTTP_PATHQUERY_H

#include "base/base.h"
#include "hub/params.h"

struct pathquery {
	char *path;          /* owned, decoded */
	size_t size;         /* of its memory, in which the query's texts are */
	struct params query; /* a parameter without a name is as if it were not there */
};

enum pathquery_fault {
	PATHQUERY_GOOD,
	PATHQUERY_ESCAPE, /* not target_is_plain (target.h) */
	PATHQUERY_TEXT,   /* not UTF-8 */
	PATHQUERY_ROOM,   /* more than PARAMS_MAX parameters */
};

/* p is released in any case */
MUST_CHECK enum pathquery_fault pathquery_read(struct pathquery *p, struct text target);
void pathquery_release(struct pathquery *p); /* wiped: a token may stand there */

#endif
