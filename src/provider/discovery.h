/* SPDX-License-Identifier: PostgreSQL */
/* discovery.h: reads the document in which an issuer says where its keys are. */
#ifndef PROVIDER_DISCOVERY_H
#define PROVIDER_DISCOVERY_H

#include <stddef.h>

#include "base/base.h"

/*
 * Returns the URL of the key set (OpenID Connect Discovery 1.0, 4.3). The caller frees it. NULL if
 * the document cannot be used, and *ret_why is a constant, the end of a sentence about the
 * document. It must name exactly this issuer. Otherwise one tenant of a provider could speak for
 * another.
 */
char *discovery_read(const char *bytes, size_t len, const char *issuer, const char **ret_why);

#endif
