/* SPDX-License-Identifier: PostgreSQL */
/*
 * seal.h: Fe26.2, the sealed text of @hapi/iron with its defaults, made with libcrypto.
 *
 *   Fe26.2*<key id>*<salt>*<iv>*<encrypted>*<expiration: empty>*<salt of the mac>*<mac>
 *
 * The data is encrypted with AES-256-CBC. The mac is HMAC-SHA-256 of all text in front of its salt.
 * Each of the two keys is PBKDF2 (SHA-1, 1 iteration) of the password and a salt. A salt is 256
 * bits, as hexadecimal digits. The rest is base64url. Salts and IV are fresh in every text.
 *
 * One iteration slows down nobody who guesses. The password's own randomness is the only
 * protection.
 */
#ifndef OUTLET_SEAL_H
#define OUTLET_SEAL_H

#include <stdbool.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/text.h"

#define SEAL_PASSWORD_MIN 32 /* characters; @hapi/iron takes no shorter one */
#define SEAL_ID_MAX 64

struct seal; /* a password that is ready for use, by one thread at a time */

/*
 * Makes a seal. `id` is the key's id, or NULL. Both texts are copied. The caller frees the seal
 * with seal_free. Returns NULL in these cases:
 *
 *   - the password is too short or not UTF-8;
 *   - the id is not 1 to SEAL_ID_MAX letters, digits and _;
 *   - nothing can be sealed here.
 *
 * Then *ret_why is a sentence, valid until the next call.
 */
MUST_CHECK struct seal *seal_new(const char *password, const char *id, const char **ret_why);
void seal_free(struct seal *s); /* wipes the password; NULL is harmless */

/*
 * Appends the sealed text of these bytes. False if there is no randomness or no memory, or if the
 * text is too long. Then `out` is as it was.
 */
MUST_CHECK bool seal_append(struct seal *s, struct text plain, struct buf *out);

#endif
