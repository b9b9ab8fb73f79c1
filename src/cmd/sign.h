/* SPDX-License-Identifier: PostgreSQL */
/* sign.h: tokens for a try. Users get theirs from the application. */
#ifndef CMD_SIGN_H
#define CMD_SIGN_H

#include <json-c/json.h>

#include "auth/key.h"

/* The token, which the caller frees. NULL if it could not be made. */
char *sign_token(const struct key *key, struct json_object *claims);

#endif
