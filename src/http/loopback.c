/* SPDX-License-Identifier: PostgreSQL */
#include "http/loopback.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/commas.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "http/listening.h"

/* "[v6]" and "[v6]:port". Empty if something else follows the bracket. */
static struct text host_in_brackets(const char *text)
{
	size_t len = strcspn(text + 1, "]");
	const char *end = text + 1 + len;

	if (end[0] != ']' || (end[1] != '\0' && end[1] != ':'))
		return (struct text){text, 0};
	return (struct text){text + 1, len};
}

/* "host", "host:port", "[v6]:port" and "v6", without what stands around the host. */
static struct text host_of(const char *text)
{
	const char *colon = strchr(text, ':');

	if (text[0] == '[')
		return host_in_brackets(text);
	if (colon != NULL && strchr(colon + 1, ':') != NULL)
		return text_of(text);
	return (struct text){text, strcspn(text, ":")};
}

static bool is_loopback_host(struct text host)
{
	char name[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;

	if (host.len == 0 || host.len >= sizeof(name))
		return false;
	memcpy(name, host.bytes, host.len);
	name[host.len] = '\0';
	if (strcasecmp(name, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, name, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, name, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool loopback_is_named(const char *host)
{
	return is_loopback_host(host_of(host));
}

bool loopback_is_all(const char *addresses)
{
	char *copy = xstrdup(addresses), *rest = copy;
	bool all = true;

	for (char *one; all && (one = commas_next(&rest)) != NULL;)
		all = listening_path(one) != NULL || loopback_is_named(one);
	free(copy);
	return all;
}
