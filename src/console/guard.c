/* SPDX-License-Identifier: PostgreSQL */
#include "console/guard.h"

#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "http/codes.h"
#include "http/loopback.h"

#define CREDENTIALS_MAX 1024

/* --- the token --- */

/* Takes as long whichever letter is wrong. */
static bool is_same(const char *given, size_t len, const char *token)
{
	size_t expected = strlen(token);
	unsigned differs = len != expected;

	for (size_t i = 0; i < len; i++)
		differs |= (unsigned char)given[i] ^ (unsigned char)token[i % (expected + 1)];
	return differs == 0;
}

/* RFC 7617 has the other alphabet of base64, and padding. */
static bool is_basic(const char *letters, const char *token)
{
	unsigned char plain[BASE64_ROOM(CREDENTIALS_MAX)];
	char url[CREDENTIALS_MAX];
	size_t len = strcspn(letters, "="), plain_len;
	const char *colon;
	bool same;

	if (len >= sizeof(url))
		return false;
	for (size_t i = 0; i < len; i++)
		url[i] = letters[i] == '+' ? '-' : letters[i] == '/' ? '_' : letters[i];
	if (!base64url_decode(url, len, plain, &plain_len))
		return false;
	colon = memchr(plain, ':', plain_len);
	same = colon != NULL &&
	       is_same(colon + 1, plain_len - (size_t)(colon + 1 - (char *)plain), token);
	explicit_bzero(plain, sizeof(plain));
	return same;
}

static bool has_token(const struct guard *g, const struct request *r)
{
	const char *value = request_header(r, "Authorization");

	if (value == NULL)
		return false;
	if (strncasecmp(value, "Bearer ", 7) == 0)
		return is_same(value + 7, strlen(value + 7), g->token);
	return strncasecmp(value, "Basic ", 6) == 0 && is_basic(value + 6, g->token);
}

/* --- the decision --- */

static bool refuse(struct refusal *ret_refusal, unsigned status, const char *sentence)
{
	refusal_set(ret_refusal, status, "%s", sentence);
	return false;
}

static bool ask_for_token(struct refusal *ret_refusal)
{
	refusal_set(ret_refusal, HTTP_UNAUTHORIZED,
		    "The console needs the token of admin-token-file: as Bearer token, or as "
		    "password with any name");
	ret_refusal->header = "WWW-Authenticate";
	ret_refusal->value = "Basic realm=\"pgherald\", charset=\"UTF-8\"";
	return false;
}

/* A client that names no host is no browser, nor is one that comes by a unix socket. */
static bool names_this_machine(const struct request *r)
{
	const char *host = r->target->host != NULL ? r->target->host : request_header(r, "Host");

	return host == NULL || loopback_is_named(host) || strcmp(r->address, "unix") == 0;
}

bool guard_admits(const struct guard *g, const struct request *r, struct refusal *ret_refusal)
{
	if (!g->on)
		return refuse(ret_refusal, HTTP_NOT_FOUND, "There is no such page");
	if (g->token != NULL && !has_token(g, r))
		return ask_for_token(ret_refusal);
	if (g->token == NULL && !loopback_is_all(g->addresses))
		return refuse(ret_refusal, HTTP_FORBIDDEN,
			      "The console is for this machine alone unless admin-token-file is "
			      "given");
	if (g->token == NULL && !names_this_machine(r))
		return refuse(ret_refusal, HTTP_FORBIDDEN,
			      "Ask for the console by a loopback address, or give "
			      "admin-token-file");
	if (!request_from_own_origin(r))
		return refuse(ret_refusal, HTTP_FORBIDDEN, "Pages of other sites may not ask");
	return true;
}
