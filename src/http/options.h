/* SPDX-License-Identifier: PostgreSQL */
/* options.h: what the outlet room is told at the start. Borrowed strings; they outlive the room. */
#ifndef HTTP_OPTIONS_H
#define HTTP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_source { TOKEN_COOKIE, TOKEN_HEADER, TOKEN_QUERY, TOKEN_NOWHERE };
#define TOKEN_SOURCES 3

struct keyring;
struct verified;

struct token_options {
	const struct keyring *keys;    /* NULL or empty: no token is ever accepted */
	struct verified *verified;     /* what of it is remembered; NULL: nothing */
	const char *issuer, *audience; /* NULL: not checked */
	int64_t leeway_ms;
};

struct http_options {
	struct token_options token;
	const char *cookie;                       /* its name */
	enum token_source sources[TOKEN_SOURCES]; /* in this order; TOKEN_NOWHERE ends the list */
	int heartbeat_ms, retry_ms;
	/* the latter two: 0 is no limit */
	size_t max_streams, max_streams_per_user, max_streams_per_ip;
	/* bytes of a frame; -1: no stream is compressed */
	int64_t compress_above;
	const char *const *origins; /* allowed ones, exact; ends with NULL */
	const char *version;        /* of the program, for the status */
};

#endif
