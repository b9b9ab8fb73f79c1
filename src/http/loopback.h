/* SPDX-License-Identifier: PostgreSQL */
/* loopback.h: which addresses only this machine reaches. Pure. */
#ifndef HTTP_LOOPBACK_H
#define HTTP_LOOPBACK_H

#include <stdbool.h>

/*
 * Does this name the loopback, as "host", "host:port", "[v6]:port" or "v6"? Of names only localhost
 * does.
 */
bool loopback_is_named(const char *host);

/* Is each of these addresses (listening.h), joined by commas, the loopback's or a unix socket? */
bool loopback_is_all(const char *addresses);

#endif
