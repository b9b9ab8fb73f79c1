/* SPDX-License-Identifier: PostgreSQL */
/*
 * pathquery.h: a request target that stands in a text, such as "/api/orders/events?store=a%20b".
 * The text is the value of a parameter, or a word of a command line. It is decoded as the HTTP
 * library decodes the target of a request. It is checked strictly, because nothing has checked it
 * before. What is not percent-encoded may be any UTF-8, not only ASCII.
 */
#ifndef HTTP_PATHQUERY_H
#define HTTP_PATHQUERY_H

#include "base/base.h"
#include "hub/params.h"

struct pathquery {
	char *path;          /* owned, decoded */
	size_t size;         /* of its memory, in bytes; the query's texts are in it */
	struct params query; /* a parameter without a name is left out */
};

enum pathquery_fault {
	PATHQUERY_GOOD,
	PATHQUERY_ESCAPE, /* not target_is_plain (target.h) */
	PATHQUERY_TEXT,   /* not UTF-8 */
	PATHQUERY_ROOM,   /* more than PARAMS_MAX parameters */
};

/* The caller releases `p` in any case. After a fault its query is not complete. */
MUST_CHECK enum pathquery_fault pathquery_read(struct pathquery *p, struct text target);
void pathquery_release(struct pathquery *p); /* wiped, because a token may be in it */

#endif
