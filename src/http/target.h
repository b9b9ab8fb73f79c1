/* SPDX-License-Identifier: PostgreSQL */
/*
 * target.h: the target of a request, taken before the library decodes it, in place. The path is
 * left to the library; the query is taken away from it and read here: version 1.0.1 crashes by a
 * long request line whose last parameter has no value, for it counts from that value's end. And a
 * query in the library's hands uses up its memory, a parameter at a time. "http://host/path" is
 * asked for as "/path" is, and its host is the request's, whatever Host says (RFC 9112 3.2.2).
 */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/params.h"

struct target {
	bool usable;   /* target_is_usable */
	char *host;    /* owned, of "http://host/path"; NULL: the field Host says it */
	size_t prefix; /* length of its "http://host" */
	char *query;   /* owned, decoded, params are in it; NULL: none */
	size_t query_size;
	/* the first PARAMS_MAX; one without a name is as if it were not there */
	struct params params;
	bool crowded; /* there are more */
	int tokens;   /* how many of all are a token or a ticket */
};

/* each % has two digits, and is no NUL; none in the path is an encoded slash */
bool target_is_plain(const char *raw);
bool target_is_usable(const char *raw); /* that, and visible ASCII */
bool target_is_host(struct text host);  /* a name or an address, perhaps with a port */

/* raw is the library's, which goes on with what is left of it: the path and an empty query.
 * Released in any case. */
void target_init(struct target *t, char *raw);
void target_release(struct target *t); /* wiped: a token may stand there */

/* Reads "name=value" in place; its escapes are known to be good, or left as they are. */
struct param target_param(char *pair);

#endif
