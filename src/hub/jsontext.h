/* SPDX-License-Identifier: PostgreSQL */
/*
 * jsontext.h: walks the members of a JSON object, or the items of an array, without parsing it.
 *
 * Names and values are pieces of the text itself, so numbers keep every digit. The text must be
 * what PostgreSQL prints of jsonb. That is valid, with at most one blank between tokens.
 */
#ifndef HUB_JSONTEXT_H
#define HUB_JSONTEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/text.h"

struct jsontext_member {
	struct text name; /* with its quotes */
	struct text value;
};

/* Where a walk stands. */
struct jsontext {
	const char *at, *end;
};

/* A text that is no object has no members. */
struct jsontext jsontext_open(struct text object);
/* Returns false if there are no more members. */
bool jsontext_next(struct jsontext *walk, struct jsontext_member *ret_member);

/* The same for an array. A text that is no array has no items. */
struct jsontext jsontext_open_array(struct text array);
bool jsontext_next_item(struct jsontext *walk, struct text *ret_value);

/*
 * Appends `"old": {…}, "changed": […]`. old has the members of was that now does not have with the
 * same text. changed has their names. If now is NULL (bytes), old is the whole of was, and nothing
 * is changed. If was is NULL, old is null.
 */
void jsontext_append_diff(struct buf *out, struct text was, struct text now);

#endif
