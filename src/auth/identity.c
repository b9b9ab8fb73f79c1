/* SPDX-License-Identifier: PostgreSQL */
#include "auth/identity.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "auth/claims.h"
#include "auth/json.h"

void identity_release(struct identity *id)
{
	json_object_put(id->claims);
	*id = (struct identity){.claims = NULL};
}

struct standing identity_standing(const struct identity *id)
{
	return (struct standing){id->jti, id->sub, id->issued_ms, id->key_mark};
}

char *identity_claims_json(const struct identity *id)
{
	return xstrdup(id->claims == NULL ? "{}"
					  : json_object_to_json_string_ext(id->claims,
									   JSON_C_TO_STRING_PLAIN));
}

void identity_append_json(const struct identity *id, struct buf *out)
{
	struct json_object *sub = json_object_new_string(id->sub);

	buf_append_str(out, "{\"claims\":");
	buf_append_str(out, json_object_to_json_string_ext(id->claims, JSON_C_TO_STRING_PLAIN));
	buf_append_str(out, ",\"sub\":");
	buf_append_str(out, json_object_to_json_string_ext(sub, JSON_C_TO_STRING_PLAIN));
	json_object_put(sub);
	buf_appendf(out, ",\"issued\":%" PRId64 ",\"ends\":%" PRId64 ",\"key\":\"%016" PRIx64 "\"}",
		    id->issued_ms, id->ends_ms, id->key_mark);
}

static const char *text_member(struct json_object *object, const char *name)
{
	struct json_object *value;

	return json_object_object_get_ex(object, name, &value) &&
			       json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : NULL;
}

static bool int_member(struct json_object *object, const char *name, int64_t *ret_number)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_int))
		return false;
	*ret_number = json_object_get_int64(value);
	return true;
}

bool identity_read(const char *json, size_t len, const char *subject, struct identity *ret_id)
{
	struct json_object *whole = json_parse(json, len), *claims = NULL;
	struct identity id = {.claims = NULL};
	const char *key = text_member(whole, "key");
	bool good = key != NULL && int_member(whole, "issued", &id.issued_ms) &&
		    int_member(whole, "ends", &id.ends_ms) &&
		    json_object_object_get_ex(whole, "claims", &claims) &&
		    json_object_is_type(claims, json_type_object) &&
		    (id.sub = claims_subject(claims, subject)) != NULL;

	if (good) {
		id.claims = json_object_get(claims);
		id.jti = text_member(claims, "jti");
		id.key_mark = strtoull(key, NULL, 16);
		*ret_id = id;
	}
	json_object_put(whole);
	return good;
}
