/* SPDX-License-Identifier: PostgreSQL */
#include "http/pathquery.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "http/head.h"

/* In place, with a NUL behind it. */
static struct text decode(char *text)
{
	for (char *plus = strchr(text, '+'); plus != NULL; plus = strchr(plus, '+'))
		*plus = ' ';
	return (struct text){text, MHD_http_unescape(text)};
}

static bool add_param(struct params *query, char *pair)
{
	char *value = strchr(pair, '=');

	if (query->count == PARAMS_MAX)
		return false;
	if (value != NULL)
		*value++ = '\0';
	query->items[query->count].name = decode(pair);
	query->items[query->count++].value = value == NULL ? (struct text){"", 0} : decode(value);
	return true;
}

bool pathquery_read(struct pathquery *p, const char *target)
{
	struct target whole;
	char *rest;
	bool fits = true;

	target_init(&whole, target);
	*p = (struct pathquery){.path = xstrdup(target)};
	rest = p->path;
	strsep(&rest, "?");
	while (rest != NULL && rest[0] != '\0')
		fits = add_param(&p->query, strsep(&rest, "&")) && fits;
	MHD_http_unescape(p->path);
	return fits && whole.usable && p->path[0] == '/';
}

void pathquery_release(struct pathquery *p)
{
	const struct params *query = &p->query;

	for (size_t i = 0; i < query->count; i++)
		explicit_bzero((char *)(uintptr_t)query->items[i].value.bytes, query->items[i].value.len);
	free(p->path);
	*p = (struct pathquery){.path = NULL};
}
