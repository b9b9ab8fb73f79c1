/* SPDX-License-Identifier: PostgreSQL */
/*
 * expiry.h: the end of a connection's token.
 *
 * It announces the end of the token, and it ends the connection at that end. An anonymous
 * connection has no such end. The timer is in the outlet, which stops it.
 */
#ifndef OUTLET_EXPIRY_H
#define OUTLET_EXPIRY_H

struct holder;
struct outlet;

/* Watches the token that the outlet has from its beginning. */
void expiry_start(struct outlet *o);

/* The connection goes on until another token ends. The outlet takes over what `holder` owns. */
void expiry_renew(struct outlet *o, struct holder *holder);

#endif
