/* SPDX-License-Identifier: PostgreSQL */
/*
 * sse.h: the lines of an HTTP answer's body, whatever pieces its bytes come in. The body is in
 * chunks or goes on to the end of the connection. A line that is whole in one piece is not copied.
 */
#ifndef BENCH_SSE_H
#define BENCH_SSE_H

#include <stdbool.h>
#include <stddef.h>

enum sse_state { SSE_HEAD, SSE_SIZE, SSE_BODY, SSE_ENDED };

/* Begins as zeroes. */
struct sse {
	enum sse_state state;
	int status;           /* such as 200; 0: not yet known */
	bool chunked, digits; /* digits: some of a chunk's size have been read */
	size_t left;          /* bytes of the chunk that are still to come */
	char *rest;           /* a line that has not ended yet */
	size_t rest_len;
};

/* A line of the body without its end. It lives until the function returns, and may be changed. */
typedef void sse_line_fn(void *whose, char *line);

/* Takes bytes as they have come, and changes them. */
void sse_take(struct sse *s, char *bytes, size_t len, sse_line_fn *on_line, void *whose);

/* Forgets everything. It is as zeroes again. */
void sse_free(struct sse *s);

#endif
