/* SPDX-License-Identifier: PostgreSQL */
/*
 * options.h: what the configuration says to all parts that speak HTTP. The strings are borrowed and
 * outlive it.
 */
#ifndef HTTP_OPTIONS_H
#define HTTP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/token.h"
#include "http/proxies.h"

enum token_source { TOKEN_COOKIE, TOKEN_HEADER, TOKEN_QUERY, TOKEN_NOWHERE };
#define TOKEN_SOURCES 3

struct http_options {
	struct token_options token;
	const char *cookie;                       /* its name */
	enum token_source sources[TOKEN_SOURCES]; /* in this order; TOKEN_NOWHERE ends the list */
	int heartbeat_ms, retry_ms;
	/* 0 in one of the latter two is no limit */
	size_t max_streams, max_streams_per_user, max_streams_per_ip;
	/* bytes of a frame; -1 if no stream is compressed */
	int64_t compress_above;
	struct proxies proxies;     /* that are believed */
	const char *const *origins; /* allowed ones (origin.h); ends with NULL */
	const char *version;        /* of the program, for the status */
};

#endif
