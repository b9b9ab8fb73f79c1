/* SPDX-License-Identifier: PostgreSQL */
#include "base/secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"

void secret_make(char ret_text[SECRET_TEXT_MAX])
{
	unsigned char bytes[SECRET_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		die(1, "the kernel gives no randomness");
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(ret_text + 2 * i, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof(bytes));
}
