/* SPDX-License-Identifier: PostgreSQL */
/*
 * params_json.h: a request's parameters as a JSON object of texts, as functions of the database get
 * them and as open connections keep them. Tokens, tickets and cursors are left out: they authorise
 * or place a connection, and are no matter of the application.
 */
#ifndef HTTP_PARAMS_JSON_H
#define HTTP_PARAMS_JSON_H

#include "hub/params.h"

struct json_object;

/* For the caller to free. Of parameters with one name the first counts. */
char *params_json(const struct params *params);

/* Adds the object's members, as many as there is room for. Texts are the object's; it must stay as
 * long as they are used. NULL is harmless. */
void params_json_read(struct json_object *object, struct params *params);

#endif
