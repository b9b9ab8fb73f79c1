/* SPDX-License-Identifier: PostgreSQL */
#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

#include "base/xalloc.h"

#define NAME_MAX_LEN 64 /* longer ones are not compared */

void nearest_begin(struct nearest *n, const char *given, size_t len)
{
	/* One error is near in a short name, and two in others. */
	*n = (struct nearest){.given = given, .len = len, .errors = len < 5 ? 2 : 3};
	if (len < 2 || len > NAME_MAX_LEN)
		n->errors = 0;
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Two neighbours of the one are those of the other, in the other order. */
static bool is_swapped(const char *a, size_t i, const char *b, size_t j)
{
	return i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
}

/* How many letters are wrong, too many, missing or swapped. */
static size_t errors_between(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NAME_MAX_LEN + 1], *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(last[j] + 1, row[j - 1] + 1,
				       last[j - 1] + (a[i - 1] != b[j - 1]));
			if (is_swapped(a, i, b, j) && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_len];
}

void nearest_try(struct nearest *n, const char *name)
{
	size_t len = strlen(name), errors;

	if (len > NAME_MAX_LEN || n->errors == 0)
		return;
	errors = errors_between(n->given, n->len, name, len);
	if (errors >= n->errors)
		return;
	n->name = name;
	n->errors = errors;
}

char *nearest_hint(const struct nearest *n, const char *prefix)
{
	return n->name == NULL ? xstrdup("")
			       : xasprintf(" (did you mean '%s%s'?)", prefix, n->name);
}
