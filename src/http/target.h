/* SPDX-License-Identifier: PostgreSQL */
/*
 * target.h: the target of a request, which we take in place before the library decodes it. The path
 * is left to the library. The query is taken away from it and read here, for two reasons:
 *
 * - libmicrohttpd 1.0.1 counts from the end of the last parameter's value. It crashes if the
 *   request line is long and that parameter has no value.
 * - A query in the library's hands uses up its memory, parameter by parameter.
 *
 * A request for "http://host/path" asks for "/path". Its host is that of the target, whatever the
 * field Host says (RFC 9112 3.2.2).
 */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/params.h"

struct target {
	bool usable;   /* target_is_usable */
	char *host;    /* owned, of "http://host/path"; NULL if the field Host has it */
	size_t prefix; /* length of its "http://host" */
	char *query;   /* owned, decoded, params are in it; NULL if there is none */
	size_t query_size;
	/* the first PARAMS_MAX; a parameter without a name is left out */
	struct params params;
	bool crowded; /* there are more */
	int tokens;   /* how many of all are a token or a ticket */
};

/*
 * True if each % has two hexadecimal digits and none is a NUL. In the path, none may be a slash or
 * a backslash either.
 */
bool target_is_plain(const char *raw);
bool target_is_usable(const char *raw); /* that, and visible ASCII */
/* True if it has only characters of a name or an address, perhaps with a port. */
bool target_is_host(struct text host);

/*
 * `raw` is the library's, which goes on with the path and an empty query. The caller releases `t`
 * in any case.
 */
void target_init(struct target *t, char *raw);
void target_release(struct target *t); /* wiped, because a token may be in it */

/* Reads "name=value" in place. An escape that is not good stays as it is. */
struct param target_param(char *pair);

#endif
