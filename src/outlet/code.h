/* SPDX-License-Identifier: PostgreSQL */
/*
 * code.h: the code by which an open connection can go on with another token.
 *
 * The client is told it before its token ends, and sends it to /stream/renew. Nobody can guess it.
 * It is good once.
 */
#ifndef OUTLET_CODE_H
#define OUTLET_CODE_H

struct outlet;
struct outlets;

/* Sets o->code, a fresh one. There must be none yet. */
void code_give(struct outlet *o);
/* The code is used up. Harmless if there is none. */
void code_take(struct outlet *o);
/* NULL if no open connection has this code. */
struct outlet *code_find(const struct outlets *set, const char *code);

#endif
