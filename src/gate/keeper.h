/* SPDX-License-Identifier: PostgreSQL */
/* keeper.h: begins and ends the gate, and passes on what concerns everything in it. */
#ifndef GATE_KEEPER_H
#define GATE_KEEPER_H

#include <stdbool.h>

#include "hub/event.h"
#include "gate/gate.h"

void keeper_open(struct gate *g);

/* Ends without a word what still waits. Comes before the end of the outlets. */
void keeper_close(struct gate *g);

/*
 * Applies what the log says to all gates (tenure.h) to requests that wait and to open connections.
 * True if the revocations must be read again.
 */
bool keeper_hear(struct gate *g, const struct event *event);

/* The streams are defined again. Connections to a stream that is gone end. Requests that wait are
 * asked about once more. */
void keeper_streams_changed(struct gate *g);

/* An identity provider has given its keys, or could not. Requests that wait for a key go on. */
void keeper_keys_came(struct gate *g);

/* The program ends soon. Nothing new is opened, and open connections end. Requests that the
 * database works on are answered first. */
void keeper_drain(struct gate *g);

void keeper_reap(struct gate *g); /* frees what has ended, between turns only */

#endif
