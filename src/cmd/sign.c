/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/sign.h"

#include <jwt.h>

char *sign_token(const struct key *key, struct json_object *claims)
{
	jwt_alg_t algorithm = jwt_str_alg(algorithm_name(algorithm_first(key->algorithms)));
	jwt_t *jwt = NULL;
	char *token = NULL;

	if (jwt_new(&jwt) == 0 &&
	    jwt_add_grants_json(
		    jwt, json_object_to_json_string_ext(claims, JSON_C_TO_STRING_PLAIN)) == 0 &&
	    (key->kid == NULL || jwt_add_header(jwt, "kid", key->kid) == 0) &&
	    jwt_set_alg(jwt, algorithm, key->bytes, (int)key->len) == 0)
		token = jwt_encode_str(jwt);
	jwt_free(jwt);
	return token;
}
