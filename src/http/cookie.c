/* SPDX-License-Identifier: PostgreSQL */
#include "http/cookie.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/xalloc.h"

bool cookie_name_is_good(const char *name)
{
	size_t len = 0;

	while (name[len] > ' ' && name[len] < 0x7f && strchr(",;=\"", name[len]) == NULL)
		len++;
	return len > 0 && name[len] == '\0';
}

/* Returns the value without blanks at its end and without its double quotes. */
static char *value_of(const char *value, size_t len)
{
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"')
		value++, len -= 2;
	return xstrndup(value, len);
}

/* Pairs are joined by ';' (RFC 6265 4.2.1), and a value may be in double quotes. */
char *cookie_find(const char *header, const char *name)
{
	size_t name_len = strlen(name);

	for (const char *p = header; *p != '\0'; p += *p == ';') {
		size_t len;

		p += strspn(p, " \t");
		len = strcspn(p, ";");
		if (len > name_len && p[name_len] == '=' && memcmp(p, name, name_len) == 0)
			return value_of(p + name_len + 1, len - name_len - 1);
		p += len;
	}
	return NULL;
}

/* Browsers compare these in any letter case. */
static bool must_be_secure(const char *name)
{
	return strncasecmp(name, "__Host-", 7) == 0 || strncasecmp(name, "__Secure-", 9) == 0;
}

bool cookie_append(const struct cookie *c, struct buf *out)
{
	size_t before = out->len;
	int64_t seconds = c->seconds > COOKIE_SECONDS_MAX ? COOKIE_SECONDS_MAX : c->seconds;

	buf_appendf(out, "%s=%s; Path=/; Max-Age=%" PRId64 "; HttpOnly; SameSite=Lax%s", c->name,
		    c->value, seconds, c->secure || must_be_secure(c->name) ? "; Secure" : "");
	return out->len - before <= COOKIE_MAX;
}
