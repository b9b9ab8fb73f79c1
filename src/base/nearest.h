/* SPDX-License-Identifier: PostgreSQL */
/* nearest.h: which of several names was meant by one that is misspelt. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

#include "base/base.h"

struct nearest {
	const char *given; /* borrowed, like all names */
	size_t len;        /* of it */
	const char *name;  /* the nearest so far; NULL if none is near */
	size_t errors;     /* between the two */
};

void nearest_begin(struct nearest *n, const char *given, size_t len);
void nearest_try(struct nearest *n, const char *name);

/* " (did you mean 'PREFIXname'?)" for the caller to free. Empty if no name is near. */
char *nearest_hint(const struct nearest *n, const char *prefix);

#endif
