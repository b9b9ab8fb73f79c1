/* SPDX-License-Identifier: PostgreSQL */
/* expiry.h: the timer of an open stream's token: when to say that its end comes, and the end. */
#ifndef OUTLET_EXPIRY_H
#define OUTLET_EXPIRY_H

struct outlet;

void expiry_init(struct outlet *o);
void expiry_watch(struct outlet *o); /* anew, when another token holds it */
void expiry_stop(struct outlet *o);

#endif
