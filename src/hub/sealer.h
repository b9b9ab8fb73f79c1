/* SPDX-License-Identifier: PostgreSQL */
/*
 * sealer.h: seals the data of streams that only the holder of the key can read.
 *
 * The hub says what is sealed and when. It is sealed once for an event and format, not for each
 * subscriber. The hub knows neither how nor with which key. The outlet's side installs that. What
 * cannot be sealed does not go out, least of all in clear.
 */
#ifndef HUB_SEALER_H
#define HUB_SEALER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"
#include "hub/frame.h"

/* Why something cannot be sealed, for the log. */
#define SEALER_LACKS "no encryption-key, or no randomness"

struct sealer {
	/* Appends one line. Returns false if it cannot. Then out is as it was. */
	bool (*seal)(void *ctx, struct text plain, struct buf *out);
	int64_t (*now_ms)(void); /* the time of day */
	void *ctx;
	struct buf plain, sealed; /* of the event in the making */
};

void sealer_init(struct sealer *s); /* can seal nothing until seal, now_ms and ctx are set */
void sealer_release(struct sealer *s);
void sealer_trim(struct sealer *s, size_t most); /* as buf_trim; what was sealed is gone */

/*
 * Puts the sealed text in the place of an event's data. Puts the format to frame it with in the
 * place of its stream's. The text is valid until the next call. Returns false if the data cannot be
 * sealed. Then nothing has changed.
 */
MUST_CHECK bool sealer_seal(struct sealer *s, struct text name, enum frame_format *format,
			    struct text *data);

#endif
