/* SPDX-License-Identifier: PostgreSQL */
/* text.h: bytes with their length, borrowed from their owner. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* No NUL need follow the bytes, and there may be NULs among them. */
struct text {
	const char *bytes;
	size_t len;
};

/* Routing keys, each "column=value". */
struct keys {
	const struct text *items;
	size_t count;
};

/* Borrows a C string as a text. */
static inline struct text text_of(const char *c_string)
{
	return (struct text){c_string, strlen(c_string)};
}

static inline bool text_is(struct text t, const char *word)
{
	size_t i = 0;

	while (i < t.len && word[i] != '\0' && t.bytes[i] == word[i])
		i++;
	return i == t.len && word[i] == '\0';
}

#endif
