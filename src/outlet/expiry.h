/* SPDX-License-Identifier: PostgreSQL */
/*
 * expiry.h: the timer of a connection's token.
 *
 * It says when to announce the end of the token, and it ends the connection at that end. An
 * anonymous connection has no such end. The outlet owns the timer (outlet.h).
 */
#ifndef OUTLET_EXPIRY_H
#define OUTLET_EXPIRY_H

struct outlet;

void expiry_init(struct outlet *o);
/*
 * Sets the timer by the token that the outlet has now. To be called again when it has another
 * token.
 */
void expiry_watch(struct outlet *o);
void expiry_stop(struct outlet *o);

#endif
