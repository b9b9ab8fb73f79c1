/* SPDX-License-Identifier: PostgreSQL */
/*
 * conninfo.h: is what says where the database is written as libpq reads it? libpq itself would name
 * the piece that it cannot read, and that mostly is a piece of the password. So it is read before
 * libpq has it to connect, and the sentence is ours.
 */
#ifndef PG_CONNINFO_H
#define PG_CONNINFO_H

#include <libpq-fe.h>

/*
 * libpq's own reading of conninfo, environment, service files and defaults, which no other function
 * gives: of a connection that it refuses to begin. One option more is given with it. NULL: out of
 * memory; else for PQconninfoFree.
 */
PQconninfoOption *conninfo_read(const char *conninfo, const char *keyword, const char *value);

/* "": it has none. Borrowed. */
const char *conninfo_value(const PQconninfoOption *options, const char *keyword);

/* What is wrong and what to do, to follow its name: "is …". It shows nothing of it. NULL: nothing
 * is wrong. */
const char *conninfo_fault(const char *conninfo);

#endif
