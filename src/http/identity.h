/* SPDX-License-Identifier: PostgreSQL */
/* identity.h: what a verified token says of who asks. Immutable; owns its claims. */
#ifndef HTTP_IDENTITY_H
#define HTTP_IDENTITY_H

#include <json-c/json.h>
#include <stdint.h>

#include "http/options.h"

struct identity {
	struct json_object *claims; /* an object; NULL: anonymous */
	const char *sub;            /* borrowed from claims; NULL: none */
	int64_t ends_ms;            /* wall clock: with the leeway; INT64_MAX: never (anonymous) */
};

void identity_release(struct identity *id);

#endif
