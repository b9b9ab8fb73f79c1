/* SPDX-License-Identifier: PostgreSQL */
#include "auth/token_header.h"

#include <json-c/json.h>
#include <string.h>
#include <strings.h>

#include "auth/jwk.h"

/*
 * A media type may stand without its "application/" (RFC 7515 4.1.9). Okta has a word before at+jwt
 * (application/okta-internal-at+jwt). Letters of any case are the same.
 */
static bool is_access_type(const char *typ)
{
	static const char prefix[] = "application/", end[] = "at+jwt";
	size_t len;

	if (strncasecmp(typ, prefix, strlen(prefix)) == 0)
		typ += strlen(prefix);
	len = strlen(typ);
	if (len < strlen(end) || strcasecmp(typ + len - strlen(end), end) != 0)
		return false;
	len -= strlen(end);
	return len == 0 || (typ[len - 1] == '-' && len > 1 && memchr(typ, '/', len) == NULL);
}

/* A token without typ is an ordinary one. A token of another kind is none that opens a stream. */
static bool read_type(struct json_object *header, bool *ret_access, const char **ret_why)
{
	struct json_object *typ;

	*ret_access = false;
	*ret_why = "its typ is neither JWT nor at+jwt";
	if (!json_object_object_get_ex(header, "typ", &typ))
		return true;
	if (!json_object_is_type(typ, json_type_string))
		return false;
	*ret_access = is_access_type(json_object_get_string(typ));
	return *ret_access || strcasecmp(json_object_get_string(typ), "JWT") == 0;
}

static bool asks_for_more(struct json_object *header, const char **ret_why)
{
	*ret_why = "its header asks for more than is understood (crit, b64)";
	return json_object_object_get_ex(header, "crit", NULL) ||
	       json_object_object_get_ex(header, "b64", NULL);
}

static bool read_algorithm(struct json_object *header, enum algorithm *ret_algorithm,
			   const char **ret_why)
{
	struct json_object *alg;

	*ret_why = "its alg is not " ALGORITHM_NAMES;
	return json_object_object_get_ex(header, "alg", &alg) &&
	       json_object_is_type(alg, json_type_string) &&
	       algorithm_parse(json_object_get_string(alg), ret_algorithm);
}

static bool read_kid(struct json_object *header, const char **ret_kid, const char **ret_why)
{
	struct json_object *kid;

	*ret_kid = NULL;
	*ret_why = "its kid is not a text of 1 to 200 bytes";
	if (!json_object_object_get_ex(header, "kid", &kid))
		return true;
	if (!json_object_is_type(kid, json_type_string))
		return false;
	*ret_kid = json_object_get_string(kid);
	return (*ret_kid)[0] != '\0' && strlen(*ret_kid) <= JWK_KID_MAX;
}

bool token_header_read(struct json_object *header, struct token_header *ret_header,
		       const char **ret_why)
{
	return !asks_for_more(header, ret_why) && read_type(header, &ret_header->access, ret_why) &&
	       read_algorithm(header, &ret_header->algorithm, ret_why) &&
	       read_kid(header, &ret_header->kid, ret_why);
}
