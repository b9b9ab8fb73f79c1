/* SPDX-License-Identifier: PostgreSQL */
/*
 * conninfo.h: checks that the connection string is written as libpq reads it.
 *
 * libpq names the piece that it cannot read, and that mostly is a piece of the password. So the
 * daemon checks the string before libpq connects with it. The error is a sentence of our own.
 */
#ifndef PG_CONNINFO_H
#define PG_CONNINFO_H

#include <libpq-fe.h>

/*
 * Reads conninfo, environment, service files and defaults as libpq does. No function of libpq gives
 * that. So this begins a connection that libpq refuses, and asks what it has read. keyword and
 * value are one more option. Returns options for PQconninfoFree, or NULL if out of memory.
 */
PQconninfoOption *conninfo_read(const char *conninfo, const char *keyword, const char *value);

/* The value of an option, or "" if it has none. Borrowed from the options. */
const char *conninfo_value(const PQconninfoOption *options, const char *keyword);

/*
 * Returns what is to be said of gssencmode: "disable", or "" if it is written in conninfo, in
 * PGGSSENCMODE or perhaps in a service. libpq's own default asks the KDC wherever a Kerberos ticket
 * lies about, and waits for it in PQconnectPoll, for a minute if the KDC is silent.
 */
const char *conninfo_gssencmode(const char *conninfo);

/* Returns what is wrong and what to do, as the end of a sentence: "is …". The sentence begins with
 * the name of what holds the conninfo. It shows nothing of the conninfo. NULL if nothing is
 * wrong. */
const char *conninfo_fault(const char *conninfo);

#endif
