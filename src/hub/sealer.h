/* SPDX-License-Identifier: PostgreSQL */
/*
 * sealer.h: the data of sealed streams, which only who has the key can read. The hub says what is
 * sealed and when: once for an event and format, not for each subscriber. How, and with which key,
 * it does not know: the outlet's side installs that. What cannot be sealed does not go out, least
 * of all in clear.
 */
#ifndef HUB_SEALER_H
#define HUB_SEALER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"
#include "hub/frame.h"

/* why something cannot be sealed, for the log */
#define SEALER_LACKS "no encryption-key, or no randomness"

struct sealer {
	/* appends one line; false: it cannot, out is as it was */
	bool (*seal)(void *ctx, struct text plain, struct buf *out);
	int64_t (*now_ms)(void); /* the time of day */
	void *ctx;
	struct buf plain, sealed; /* of the event in the making */
};

void sealer_init(struct sealer *s); /* can seal nothing until seal, now_ms and ctx are set */
void sealer_release(struct sealer *s);
void sealer_trim(struct sealer *s, size_t most); /* as buf_trim: what was sealed is gone */

/*
 * Puts the sealed text in the place of an event's data, and the format that it is to be framed with
 * in the place of its stream's. The text is valid until the next call. False: it cannot be sealed,
 * and nothing has changed.
 */
MUST_CHECK bool sealer_seal(struct sealer *s, struct text name, enum frame_format *format,
			    struct text *data);

#endif
