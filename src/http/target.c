/* SPDX-License-Identifier: PostgreSQL */
#include "http/target.h"

#include <ctype.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"
#include "base/xalloc.h"

static bool is_escape(const char *at)
{
	return isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]);
}

/*
 * A proxy that decodes an escaped slash or backslash would see another path than we do. A NUL ends
 * the library's strings.
 */
static bool is_sly_escape(const char *at, bool in_path)
{
	static const char *const sly[] = {"%00", "%2f", "%5c"};

	for (size_t i = 0; i < (in_path ? ARRAY_SIZE(sly) : 1); i++)
		if (strncasecmp(at, sly[i], 3) == 0)
			return true;
	return false;
}

bool target_is_plain(const char *raw)
{
	const char *query = strchrnul(raw, '?');

	for (const char *at = strchr(raw, '%'); at != NULL; at = strchr(at + 1, '%'))
		if (!is_escape(at) || is_sly_escape(at, at < query))
			return false;
	return true;
}

static bool is_visible(const char *raw)
{
	for (; *raw != '\0'; raw++)
		if ((unsigned char)*raw <= 0x20 || (unsigned char)*raw >= 0x7f)
			return false;
	return true;
}

bool target_is_usable(const char *raw)
{
	return target_is_plain(raw) && is_visible(raw);
}

bool target_is_host(struct text host)
{
	static const char marks[] = "-._~%!$&'()*+,;=:[]";

	for (size_t i = 0; i < host.len; i++)
		if (!isalnum((unsigned char)host.bytes[i]) &&
		    memchr(marks, host.bytes[i], sizeof(marks) - 1) == NULL)
			return false;
	return host.len > 0;
}

/* The length of "http://host". 0 if the target does not begin so. */
static size_t prefix_len(const char *raw)
{
	size_t scheme = strncasecmp(raw, "http://", 7) == 0    ? 7
			: strncasecmp(raw, "https://", 8) == 0 ? 8
							       : 0;

	return scheme == 0 ? 0 : scheme + strcspn(raw + scheme, "/?#");
}

static void take_host(struct target *t, const char *raw)
{
	const char *host;

	t->prefix = prefix_len(raw);
	if (t->prefix == 0)
		return;
	host = strstr(raw, "://") + 3;
	t->host = xstrndup(host, (size_t)(raw + t->prefix - host));
	t->usable = t->usable && strchr(t->host, '%') == NULL &&
		    target_is_host((struct text){t->host, strlen(t->host)});
}

/* Decodes in place. A NUL stands after the text. */
static struct text decode(char *text)
{
	for (char *plus = strchr(text, '+'); plus != NULL; plus = strchr(plus, '+'))
		*plus = ' ';
	return (struct text){text, MHD_http_unescape(text)};
}

struct param target_param(char *pair)
{
	char *equals = strchrnul(pair, '='), *value = equals + (*equals == '=');

	*equals = '\0';
	return (struct param){decode(pair), decode(value)};
}

static void add_param(struct target *t, char *pair)
{
	struct param param = target_param(pair);

	if (param.name.len == 0)
		return;
	t->tokens +=
		strcmp(param.name.bytes, "token") == 0 || strcmp(param.name.bytes, "ticket") == 0;
	if (t->params.count == PARAMS_MAX)
		t->crowded = true;
	else
		t->params.items[t->params.count++] = param;
}

static void take_query(struct target *t, char *query)
{
	char *rest;

	t->query = xstrdup(query);
	t->query_size = strlen(query);
	*query = '\0';
	for (rest = t->query; rest != NULL && *rest != '\0';)
		add_param(t, strsep(&rest, "&"));
}

void target_init(struct target *t, char *raw)
{
	char *query = strchr(raw, '?');

	*t = (struct target){.usable = target_is_usable(raw)};
	take_host(t, raw);
	if (query != NULL)
		take_query(t, query + 1);
}

void target_release(struct target *t)
{
	if (t->query != NULL)
		explicit_bzero(t->query, t->query_size);
	free(t->query);
	free(t->host);
	*t = (struct target){.query = NULL};
}
