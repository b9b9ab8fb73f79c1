/* SPDX-License-Identifier: PostgreSQL */
/*
 * conninfo.h: is what says where the database is written as libpq reads it? libpq itself would name the piece that it cannot read,
 * and that mostly is a piece of the password. So it is read before libpq has it to connect, and the sentence is ours.
 */
#ifndef PG_CONNINFO_H
#define PG_CONNINFO_H

/* What is wrong and what to do, to follow its name: "is …". It shows nothing of it. NULL: nothing is wrong. */
const char *conninfo_fault(const char *conninfo);

#endif
