/* SPDX-License-Identifier: PostgreSQL */
/*
 * call.h: one request that an action serves: {"params","query","body","claims"} goes to herald.act,
 * what comes back is the answer. Nothing of an error's text reaches the client; it is in the log.
 */
#ifndef GATE_CALL_H
#define GATE_CALL_H

#include "http/request.h"
#include "gate/gate.h"

/* path: its parameters, as the pattern names them. */
bool call_start(struct gate *gate, const struct request *r, const struct action_def *action,
		const struct params *path);

#endif
