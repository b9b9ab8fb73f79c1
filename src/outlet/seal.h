/* SPDX-License-Identifier: PostgreSQL */
/*
 * seal.h: Fe26.2, the sealed text of @hapi/iron with its defaults, by libcrypto:
 *
 *   Fe26.2*<key id>*<salt>*<iv>*<encrypted>*<expiration: empty>*<salt of the mac>*<mac>
 *
 * AES-256-CBC and, over all in front of it, HMAC-SHA-256; the two keys are PBKDF2 (SHA-1, 1
 * iteration) of the password and a salt of 256 bits in hexadecimal digits; the rest is base64url.
 * Salts and IV are fresh in every text. One iteration slows nobody down who guesses: the password's
 * own randomness is the only protection.
 */
#ifndef OUTLET_SEAL_H
#define OUTLET_SEAL_H

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/text.h"

#define SEAL_PASSWORD_MIN 32 /* characters; @hapi/iron takes no shorter one */
#define SEAL_ID_MAX 64

struct seal; /* a password, made ready; one thread at a time */

/*
 * id NULL: none. NULL: the password is too short or no UTF-8, the id is not of letters, digits and
 * _, or nothing can be sealed here; *ret_why is a sentence, valid until the next call.
 */
MUST_CHECK struct seal *seal_new(const char *password, const char *id, const char **ret_why);
void seal_free(struct seal *s); /* wipes the password; NULL is harmless */

/* Appends the sealed text of these bytes. False: there is no randomness, or no memory; out is as it
 * was. */
MUST_CHECK bool seal_append(struct seal *s, struct text plain, struct buf *out);

#endif
