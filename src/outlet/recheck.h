/* SPDX-License-Identifier: PostgreSQL */
/*
 * recheck.h: an open stream's authorize function is asked again. A no ends the stream, and so does
 * no answer in time: who was let in still has a right, comes back and waits at the gate. Made by
 * recheck_start, gone with its answer or its outlet.
 */
#ifndef OUTLET_RECHECK_H
#define OUTLET_RECHECK_H

#include "outlet/outlet.h"

#define RECHECK_MS 4000

/* nothing where the stream has no authorize; asks once more where it is being asked */
void recheck_start(struct outlet *o);
void recheck_stop(struct outlet *o); /* harmless when it is not being asked */

#endif
