/* SPDX-License-Identifier: PostgreSQL */
/*
 * address.h: which addresses keys may come from. They come over TLS, because whoever can change
 * them on the way can make tokens. Only within this machine (127.0.0.0/8, ::1, localhost) may they
 * come by plain http, as from a sidecar.
 */
#ifndef PROVIDER_ADDRESS_H
#define PROVIDER_ADDRESS_H

#include <stdbool.h>

#include "base/base.h"

#define ADDRESS_MAX 2048 /* bytes of a URL */

/* What is wrong with the URL, as the end of a sentence about it. NULL if keys may come from it. */
const char *address_fault(const char *url);

/* Do both have the same scheme, host and port (RFC 6454)? Nothing else is a redirect's target. */
bool address_same_origin(const char *a, const char *b);

/*
 * Where the issuer has its document (OpenID Connect Discovery 1.0, 4.1). A slash at the end of the
 * issuer does not count. The caller frees the URL.
 */
char *address_of_discovery(const char *issuer);

#endif
