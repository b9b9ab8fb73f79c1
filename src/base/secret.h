/* SPDX-License-Identifier: PostgreSQL */
/*
 * secret.h: makes texts that nobody guesses. They are 256 random bits of the kernel as hex digits.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#define SECRET_BYTES 32
#define SECRET_TEXT_MAX (2 * SECRET_BYTES + 1)

/* Ends the program if the kernel gives no randomness, because nothing here may be guessed. */
void secret_make(char ret_text[SECRET_TEXT_MAX]);

#endif
