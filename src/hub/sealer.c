/* SPDX-License-Identifier: PostgreSQL */
#include "hub/sealer.h"

#include <stddef.h>

void sealer_init(struct sealer *s)
{
	*s = (struct sealer){.seal = NULL};
	buf_init(&s->plain);
	buf_init(&s->sealed);
}

void sealer_release(struct sealer *s)
{
	buf_release(&s->plain);
	buf_release(&s->sealed);
}

void sealer_trim(struct sealer *s, size_t most)
{
	buf_trim(&s->plain, most);
	buf_trim(&s->sealed, most);
}

bool sealer_seal(struct sealer *s, struct text name, enum frame_format *format, struct text *data)
{
	if (s->seal == NULL)
		return false;
	buf_clear(&s->plain);
	buf_clear(&s->sealed);
	frame_append_dated(&s->plain, *format, name, *data, s->now_ms());
	if (!s->seal(s->ctx, (struct text){s->plain.data, s->plain.len}, &s->sealed))
		return false;
	*data = (struct text){s->sealed.data, s->sealed.len};
	*format = *format == FRAME_MESSAGE ? FRAME_NAMELESS : *format;
	return true;
}
