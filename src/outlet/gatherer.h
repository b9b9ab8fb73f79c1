/* SPDX-License-Identifier: PostgreSQL */
/*
 * gatherer.h: what a connection's events are gathered in, if they are not sent one by one.
 *
 * The page (page.h) is one. It is embedded in its owner's struct. A connection has none, or one
 * that it owns.
 */
#ifndef OUTLET_GATHERER_H
#define OUTLET_GATHERER_H

#include <stdbool.h>

#include "hub/frame.h"

struct gatherer {
	const struct gatherer_ops *ops;
};

struct gatherer_ops {
	/* --- what the server says goes here (control.c) --- */

	/* Notes where the connection begins. NULL if that is not known. */
	void (*begin)(struct gatherer *g, const struct cursor *at);
	void (*add)(struct gatherer *g, enum frame_format format, bool sealed,
		    const struct cursor *at, struct text name, struct text data);
	/* Throws away what was gathered. */
	void (*reset)(struct gatherer *g, struct cursor at, const char *reason);
	/* Appends the answer when the connection is closed for this reason. None has begun. */
	void (*close)(struct gatherer *g, struct buf *out, const char *reason);

	/* --- for outlet.c --- */

	/* True if the head of its answer has been appended. */
	bool (*has_begun)(const struct gatherer *g);
	/* Takes what the log has. False if there is no more for now. */
	bool (*take)(struct gatherer *g);
	/*
	 * Appends what is to be sent now, or the end. It is called whenever something may have
	 * changed.
	 */
	void (*settle)(struct gatherer *g);
	/* Its client says no more: there is no reason to wait for events any longer. */
	void (*hurry)(struct gatherer *g);
	void (*stop)(struct gatherer *g); /* nothing is gathered any more; harmless twice */
	void (*free)(struct gatherer *g);
};

#endif
