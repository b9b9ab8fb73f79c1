/* SPDX-License-Identifier: PostgreSQL */
/* action.h: one row of herald.actions: an HTTP method and path that a function of the database
 * serves. Owns its strings. */
#ifndef HUB_ACTION_H
#define HUB_ACTION_H

struct action_def {
	char *method, *path; /* path: a pattern such as "/orders/:id" */
	char *require;       /* JSON, as a stream's */
};

#endif
