/* SPDX-License-Identifier: PostgreSQL */
/*
 * console.h: what an operator sees in a browser, at the admin address.
 *
 * It is one page of plain files that are inside the program, and the JSON that the page shows. All
 * of it only reads. Who may see it, guard.h decides:
 *
 *   /                 the page, with /console.js and /console.css
 *   /api/status       health, as /stream/status has it, and why it is not ready
 *   /api/streams      definitions, with connections, events and bytes of each
 *   /api/connections  open connections
 *   /api/events       events as they come (live.h)
 *   /api/explain      POST: what `pgherald explain` says (tool.h)
 *   /api/doctor       POST: what `pgherald doctor` says
 *
 * If there are several workers, the answers are of the first one. Only health is of all.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "http/httpd.h"
#include "gate/gate.h"
#include "gate/status.h"
#include "console/guard.h"
#include "console/live.h"
#include "console/tool.h"

struct console {
	/* Borrowed. The caller sets these before console_calls. */
	struct gate *gate;
	const struct status *status;
	struct tools tools;
	/* Renewed with the configuration. */
	struct guard guard;
	struct live live;
};

/* Makes the calls that answer for paths of the admin address. `c` is their ctx. */
struct httpd_calls console_calls(struct console *c);

void console_release(struct console *c);

#endif
