/* SPDX-License-Identifier: PostgreSQL */
/*
 * tool.h: runs a command of this program for the console, and answers with its JSON.
 *
 * The commands wait for the database and for other servers, the daemon never does. So each is a
 * process of its own, which has this daemon's configuration in its environment. One runs at a time,
 * for at most TOOL_MS. It is killed when its client leaves.
 */
#ifndef CONSOLE_TOOL_H
#define CONSOLE_TOOL_H

#include <stdbool.h>

#include "http/refusal.h"
#include "http/request.h"
#include "gate/gate.h"

#define TOOL_MS 35000
#define TOOL_OUTPUT_MAX ((size_t)1 << 20) /* bytes */
#define TOOL_WORDS_MAX 16

struct tool;

struct tools {
	struct tool *running; /* NULL if none is */
	/* The environment of a command. The callee allocates all of it, and tool_run frees it. */
	char **(*environment)(void *ctx);
	void *ctx;
};

/*
 * Runs the program with these words, and a NULL after them. True if the request has been taken
 * over. If false, *ret_refusal is the answer.
 */
MUST_CHECK bool tool_run(struct tools *tools, struct gate *gate, const struct request *r,
			 const char *const *words, struct refusal *ret_refusal);

#endif
