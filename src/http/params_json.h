/* SPDX-License-Identifier: PostgreSQL */
/*
 * params_json.h: a request's parameters as a JSON object of texts. Functions of the database get
 * them in this form, and open connections keep them so. Tokens, tickets and cursors are left out.
 * They authorise or place a connection, and do not concern the application.
 */
#ifndef HTTP_PARAMS_JSON_H
#define HTTP_PARAMS_JSON_H

#include "hub/params.h"

struct json_object;

/* The caller frees the text. The first of several parameters with one name counts. */
char *params_json(const struct params *params);

/*
 * Adds the members of the object until there is no more room. The texts belong to the object, which
 * must stay as long as they are used. NULL is harmless.
 */
void params_json_read(struct json_object *object, struct params *params);

#endif
