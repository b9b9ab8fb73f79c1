/* SPDX-License-Identifier: PostgreSQL */
/*
 * action.h: one row of herald.actions, a method and path of HTTP that a function of the database
 * serves. The struct owns its strings.
 */
#ifndef HUB_ACTION_H
#define HUB_ACTION_H

struct action_def {
	char *method, *path; /* path: a pattern such as "/orders/:id" */
	char *require;       /* JSON, as a stream's */
};

#endif
