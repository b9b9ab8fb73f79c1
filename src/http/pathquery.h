/* SPDX-License-Identifier: PostgreSQL */
/*
 * pathquery.h: a request target that stands in a text, such as "/api/orders/events?store=a%20b", read as the HTTP library reads
 * the one of a request: for who has no connection.
 */
#ifndef HTTP_PATHQUERY_H
#define HTTP_PATHQUERY_H

#include <stdbool.h>

#include "base/base.h"
#include "hub/params.h"

struct pathquery {
	char *path;          /* owned, decoded; begins with a slash */
	struct params query; /* texts of the same memory */
};

/* False: it is no target that the server would take (head.h), or it has more parameters than there is room for. */
MUST_CHECK bool pathquery_read(struct pathquery *p, const char *target);
void pathquery_release(struct pathquery *p); /* wiped: a token may stand there */

#endif
