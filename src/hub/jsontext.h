/* SPDX-License-Identifier: PostgreSQL */
/*
 * jsontext.h: walks the members of a JSON object without parsing it: names and values are pieces of
 * the text itself, so numbers keep every digit. For text that PostgreSQL prints of jsonb: valid,
 * and one blank at the most between tokens.
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

struct jsontext jsontext_open(struct text object);
bool jsontext_next(struct jsontext *walk, struct jsontext_member *ret_member); /* false: no more */

/*
 * Appends `"old": {…}, "changed": […]`: the members of was that now does not have with the same
 * text, and their names. now NULL (bytes): was is the whole of old, nothing is changed; was NULL:
 * old is null.
 */
void jsontext_append_diff(struct buf *out, struct text was, struct text now);

#endif
