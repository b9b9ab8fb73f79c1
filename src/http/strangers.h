/* SPDX-License-Identifier: PostgreSQL */
/*
 * strangers.h: pages whose origin is not allowed. The browser keeps the answer from them and does
 * not say why, so the log does. Each origin has one line in STRANGERS_EVERY_MS. Of all that find no
 * place here there is one line together.
 */
#ifndef HTTP_STRANGERS_H
#define HTTP_STRANGERS_H

#include <stdint.h>

#define STRANGERS_MOST 32
#define STRANGERS_TEXT_MAX 128 /* of a longer origin this much is told apart */
#define STRANGERS_EVERY_MS 60000

struct stranger {
	char origin[STRANGERS_TEXT_MAX]; /* "" if the place is free */
	int64_t said_ms;
};

/* All zero at first. */
struct strangers {
	uint64_t count; /* of their requests */
	struct stranger known[STRANGERS_MOST];
	struct stranger others; /* its origin is "" until something was said of them */
};

/* Counts a request of such a page, and says so if it is time to. Times are of any clock. */
void strangers_note(struct strangers *s, const char *origin, const char *path, int64_t now_ms);

#endif
