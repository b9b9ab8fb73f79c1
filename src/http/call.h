/* SPDX-License-Identifier: PostgreSQL */
/*
 * call.h: one request that an action serves: {"params","query","body","claims"} goes to herald.act,
 * what comes back is the answer. Nothing of an error's text reaches the client; it is in the log.
 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include "http/gate.h"
#include "http/request.h"

/* path: its parameters, as the pattern names them. */
bool call_start(struct gate *gate, const struct request *r, const struct action_def *action,
		const struct params *path);

#endif
