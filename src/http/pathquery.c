/* SPDX-License-Identifier: PostgreSQL */
#include "http/pathquery.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "http/target.h"

static enum pathquery_fault add_param(struct params *query, char *pair)
{
	struct param param = target_param(pair);

	if (!utf8_is(param.name.bytes, param.name.len) ||
	    !utf8_is(param.value.bytes, param.value.len))
		return PATHQUERY_TEXT;
	if (param.name.len == 0)
		return PATHQUERY_GOOD;
	if (query->count == PARAMS_MAX)
		return PATHQUERY_ROOM;
	query->items[query->count++] = param;
	return PATHQUERY_GOOD;
}

enum pathquery_fault pathquery_read(struct pathquery *p, struct text target)
{
	enum pathquery_fault fault = PATHQUERY_GOOD;
	char *rest;

	*p = (struct pathquery){.path = xstrndup(target.bytes, target.len)};
	p->size = strlen(p->path);
	if (!target_is_plain(p->path))
		return PATHQUERY_ESCAPE;
	rest = p->path;
	strsep(&rest, "?");
	while (rest != NULL && *rest != '\0' && fault == PATHQUERY_GOOD)
		fault = add_param(&p->query, strsep(&rest, "&"));
	if (fault == PATHQUERY_GOOD && !utf8_is(p->path, MHD_http_unescape(p->path)))
		fault = PATHQUERY_TEXT;
	return fault;
}

void pathquery_release(struct pathquery *p)
{
	if (p->path != NULL)
		explicit_bzero(p->path, p->size);
	free(p->path);
	*p = (struct pathquery){.path = NULL};
}
