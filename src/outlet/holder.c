/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/holder.h"

#include <stdlib.h>

#include "base/xalloc.h"

static char *copy_of(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

void holder_init(struct holder *h, const struct identity *id, bool with_claims)
{
	*h = (struct holder){
		.issued_ms = id->issued_ms, .ends_ms = id->ends_ms, .key_mark = id->key_mark};
	h->user = copy_of(id->sub);
	h->jti = copy_of(id->jti);
	if (with_claims)
		h->claims = identity_claims_json(id);
}

struct standing holder_standing(const struct holder *h)
{
	return (struct standing){h->jti, h->user, h->issued_ms, h->key_mark};
}

void holder_release(struct holder *h)
{
	free(h->user);
	free(h->jti);
	free(h->claims);
	*h = (struct holder){.user = NULL};
}
