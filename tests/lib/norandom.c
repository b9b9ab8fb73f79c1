/* SPDX-License-Identifier: PostgreSQL */
/*
 * norandom: takes a program's randomness away, by LD_PRELOAD. libcrypto has none while the file
 * exists that NORANDOM names. The caller's buffer stays as it was, as with a generator that fails.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef int random_fn(unsigned char *bytes, int len);

int RAND_bytes(unsigned char *bytes, int len);

int RAND_bytes(unsigned char *bytes, int len)
{
	const char *file = getenv("NORANDOM");
	random_fn *real = (random_fn *)dlsym(RTLD_NEXT, "RAND_bytes");

	return file != NULL && access(file, F_OK) == 0 ? 0 : real(bytes, len);
}
