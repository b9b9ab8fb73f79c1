/* SPDX-License-Identifier: PostgreSQL */
/* ending.h: the timer of an open stream's token: when to say that its end comes, and the end. */
#ifndef HTTP_ENDING_H
#define HTTP_ENDING_H

struct outlet;

void ending_init(struct outlet *o);
void ending_watch(struct outlet *o); /* anew, when another token holds it */
void ending_stop(struct outlet *o);

#endif
