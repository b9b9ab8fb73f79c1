/* SPDX-License-Identifier: PostgreSQL */
/*
 * layer.h: what TLS or GSSAPI hold back between a socket and libpq. A record may have 16 kB, and
 * libpq makes room for 8: what was decrypted beyond that stays in the layer. The socket is empty
 * then, so nothing tells of it. TLS can be asked; GSSAPI's packets are libpq's own secret.
 */
#ifndef PG_LAYER_H
#define PG_LAYER_H

#include <libpq-fe.h>
#include <stdbool.h>

#define LAYER_LOOK_MS 10 /* how often a layer is looked at that cannot be asked */

typedef int layer_pending_fn(const void *ssl);

/* OpenSSL's SSL_pending(), of the OpenSSL that libpq uses: another one in this process may have
 * another struct. NULL: not found. */
layer_pending_fn *layer_find_pending(void);

/* Milliseconds until one should read again, -1: when the socket says so. awaits: an answer is to
 * come. */
int layer_wait_ms(PGconn *pg, layer_pending_fn *pending, bool awaits);

#endif
