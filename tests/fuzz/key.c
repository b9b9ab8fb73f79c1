/* SPDX-License-Identifier: PostgreSQL */
/* A key file, as a secret and as a public key. No secret under 32 bytes or with a line end behind it, and no algorithm that the
 * key is not for. */
#include "http/key.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/token.h"

#include "fuzz.h"

static void check(const struct key_source *source, jwt_alg_t first, jwt_alg_t last, size_t least)
{
	unsigned char *key = NULL;
	size_t len = 0;
	jwt_alg_t algorithm = JWT_ALG_NONE;
	const char *why = NULL;

	if (key_load(source, &key, &len, &algorithm, &why)) {
		MUST(key != NULL && len >= least);
		MUST(algorithm >= first && algorithm <= last);
		MUST(least == 0 || (key[len - 1] != '\n' && key[len - 1] != '\r'));
	} else {
		MUST(why != NULL && why[0] != '\0');
	}
	free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("key", MFD_CLOEXEC);
	char path[40];

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size && fchmod(fd, 0600) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check(&(struct key_source){.secret_file = path}, JWT_ALG_HS256, JWT_ALG_HS512, TOKEN_HMAC_KEY_MIN);
	check(&(struct key_source){.secret_file = path, .algorithm = "RS256"}, JWT_ALG_NONE, JWT_ALG_NONE, SIZE_MAX);
	check(&(struct key_source){.public_key_file = path}, JWT_ALG_RS256, JWT_ALG_ES512, 0);
	check(&(struct key_source){.public_key_file = path, .algorithm = "HS256"}, JWT_ALG_NONE, JWT_ALG_NONE, SIZE_MAX);
	close(fd);
	return 0;
}
