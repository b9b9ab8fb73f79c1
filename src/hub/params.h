/* SPDX-License-Identifier: PostgreSQL */
/*
 * params.h: the parameters of a request, from path and query, and how paths are matched.
 *
 * Texts are borrowed from the request and from the pattern.
 */
#ifndef HUB_PARAMS_H
#define HUB_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"

#define PARAMS_MAX 64

struct param {
	struct text name, value;
	bool of_path; /* the stream's or the action's pattern names it */
};

struct params {
	struct param items[PARAMS_MAX];
	size_t count;
};

/* Returns the value of the first parameter with this name. Returns NULL if there is none. */
const struct text *params_find(const struct params *params, const char *name);

/* The same, but of the query only. So what a path's pattern names asks for nothing of ours. */
const struct text *params_find_asked(const struct params *params, const char *name);

/* Appends the parameters of more. Of two with one name, the one that was there before counts.
 * Returns false if there is no room. */
MUST_CHECK bool params_add(struct params *params, const struct params *more);

/* Joins the parameters with this name into one. Its value is their values, joined by commas.
 * storage keeps the text. */
void params_join(struct params *params, const char *name, struct buf *storage);

/*
 * Does the path fit the pattern, such as "/orders/:id"? *ret_literals is how many of its segments
 * are literal. Of several patterns that fit, the one with the most is meant. Parameters are
 * appended even if the path does not fit.
 */
bool params_take_path(struct params *params, const char *pattern, const char *path,
		      int *ret_literals);

/* Names and values go to the database as JSON, which must be UTF-8. It takes no other texts. */
MUST_CHECK bool params_are_utf8(const struct params *params);

#endif
