/* SPDX-License-Identifier: PostgreSQL */
/*
 * call.h: one request that an action serves.
 *
 * {"params","query","body","claims"} goes to herald.act. What comes back is the answer. Nothing of
 * an error's text reaches the client. It is in the log.
 */
#ifndef GATE_CALL_H
#define GATE_CALL_H

#include "http/request.h"
#include "gate/gate.h"

/*
 * Serves the request with `action`. `path` has the parameters of its path, as the pattern names
 * them. True if the request is answered, with an error. False if its socket has been taken over.
 */
bool call_start(struct gate *gate, const struct request *r, const struct action_def *action,
		const struct params *path);

#endif
