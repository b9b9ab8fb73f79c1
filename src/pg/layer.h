/* SPDX-License-Identifier: PostgreSQL */
/*
 * layer.h: what TLS or GSSAPI holds back between a socket and libpq.
 *
 * A record may have 16 kB, and libpq makes room for 8 kB. What was decrypted beyond that stays in
 * the layer. The socket is empty then, so nothing tells of it. TLS can be asked. The packets of
 * GSSAPI are private to libpq.
 */
#ifndef PG_LAYER_H
#define PG_LAYER_H

#include <libpq-fe.h>
#include <stdbool.h>

#define LAYER_LOOK_MS 10 /* how often to look at a layer that cannot be asked */

typedef int layer_pending_fn(const void *ssl);

/* Returns SSL_pending() of the OpenSSL that libpq uses. Another OpenSSL in this process may have
 * another struct. NULL if it is not found. */
layer_pending_fn *layer_find_pending(void);

/* Returns the milliseconds until libpq should read again. -1 means when the socket says so. awaits
 * is true if an answer is to come. */
int layer_wait_ms(PGconn *pg, layer_pending_fn *pending, bool awaits);

#endif
