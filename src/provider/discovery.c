/* SPDX-License-Identifier: PostgreSQL */
#include "provider/discovery.h"

#include <json-c/json.h>
#include <string.h>

#include "base/xalloc.h"
#include "auth/json.h"
#include "provider/address.h"

/* NULL if it is not there or is no string. */
static const char *text_of(struct json_object *document, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(document, name, &value);
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static const char *find_fault(struct json_object *document, const char *issuer)
{
	const char *named, *keys;

	if (!json_object_is_type(document, json_type_object))
		return "is not a JSON object, each name in it once";
	named = text_of(document, "issuer");
	keys = text_of(document, "jwks_uri");
	if (named == NULL || strcmp(named, issuer) != 0)
		return "names another issuer: give oidc-issuer exactly as the document has it";
	if (keys == NULL)
		return "does not say where the keys are (jwks_uri)";
	return address_fault(keys) == NULL ? NULL
					   : "says that the keys are where they cannot be had "
					     "from: its jwks_uri is not "
					     "https";
}

char *discovery_read(const char *bytes, size_t len, const char *issuer, const char **ret_why)
{
	struct json_object *document = json_parse(bytes, len);
	char *url = NULL;

	*ret_why = find_fault(document, issuer);
	if (*ret_why == NULL)
		url = xstrdup(text_of(document, "jwks_uri"));
	json_object_put(document);
	return url;
}
