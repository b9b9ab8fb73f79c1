/* SPDX-License-Identifier: PostgreSQL */
/* fuzz.h: what every fuzzer needs: a promise that must hold, and an input cut into pieces. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "base/xalloc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is promised whatever the input: the fuzzer keeps an input that breaks it. */
#define MUST(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

/* What is left of the input. */
struct input {
	const char *at, *end;
};

static inline struct input input_of(const uint8_t *data, size_t size)
{
	return (struct input){(const char *)data, (const char *)data + size};
}

/* Up to the next byte `stop`, which is taken as well; the rest where there is none. A copy of just
 * its length and a NUL, so that a sanitizer sees who reads on; freed by the caller. */
static inline struct text input_piece(struct input *in, char stop)
{
	size_t left = (size_t)(in->end - in->at);
	const char *found = left == 0 ? NULL : memchr(in->at, stop, left);
	size_t len = found == NULL ? left : (size_t)(found - in->at);
	char *copy = xmalloc(len + 1);

	if (len > 0)
		memcpy(copy, in->at, len);
	copy[len] = '\0';
	in->at += len + (found != NULL);
	return (struct text){copy, len};
}

/* The next line as a C string: what is behind a NUL is left out. */
static inline char *input_line(struct input *in)
{
	return (char *)(uintptr_t)input_piece(in, '\n').bytes;
}

static inline void text_free(struct text t)
{
	free((char *)(uintptr_t)t.bytes);
}

static inline bool texts_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

#endif
