/* SPDX-License-Identifier: PostgreSQL */
/* secret.h: texts that nobody guesses: 256 bits of the kernel's randomness as hexadecimal digits.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#define SECRET_BYTES 32
#define SECRET_TEXT_MAX (2 * SECRET_BYTES + 1)

/* without randomness the program ends: nothing here may be guessed */
void secret_make(char ret_text[SECRET_TEXT_MAX]);

#endif
