/* SPDX-License-Identifier: PostgreSQL */
/* A key file, as a secret, as a public key and as a key set. No secret under 32 bytes or of several
 * lines, no algorithm that the key is not for, no two keys of one kid; and what is taken is the
 * same key when it is read again. */
#include "auth/keyring.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "auth/jwk.h"

#include "fuzz.h"

static size_t least_len(const struct key *k)
{
	return k->algorithms == ALGORITHM_SET(ALGORITHM_HS512)   ? 64
	       : k->algorithms == ALGORITHM_SET(ALGORITHM_HS384) ? 48
								 : 32;
}

/* One algorithm, or those of RSA. A secret is for HS, and a public key never is. */
static bool is_set(const struct key *k)
{
	unsigned set = k->algorithms;
	bool one = set != 0 && (set & (set - 1)) == 0;

	return (one || set == (ALGORITHMS_RS | ALGORITHMS_PS) || set == ALGORITHMS_PS) &&
	       ((set & ALGORITHMS_HS) != 0) == (k->public_key == NULL);
}

static void check_key(const struct keyring *ring, size_t i)
{
	const struct key *k = &ring->keys[i];

	MUST(k->bytes != NULL && k->mark != 0 && keyring_has(ring, k->mark));
	MUST(is_set(k));
	MUST(key_is_secret(k) ? k->len >= least_len(k)
			      : memcmp(k->bytes, "-----BEGIN PUBLIC KEY-----\n", 27) == 0);
	MUST(!key_is_secret(k) || memmem(k->bytes, k->len, "-----BEGIN ", 11) == NULL);
	MUST(k->kid == NULL ||
	     (ring->has_kids && strlen(k->kid) > 0 && strlen(k->kid) <= JWK_KID_MAX));
	for (size_t n = 0; n < i; n++)
		MUST(k->kid == NULL || ring->keys[n].kid == NULL ||
		     strcmp(k->kid, ring->keys[n].kid) != 0);
}

static void check_again(const struct keyring *ring, const struct keyring_source *source)
{
	struct keyring again;
	struct buf why;

	buf_init(&why);
	MUST(keyring_load(&again, source, &why) && again.count == ring->count);
	for (size_t i = 0; i < ring->count; i++)
		MUST(again.keys[i].mark == ring->keys[i].mark);
	keyring_release(&again);
	buf_release(&why);
}

/* possible: the algorithms that it can be for */
static void check(const struct keyring_source *source, unsigned possible)
{
	struct keyring ring;
	struct buf why;

	buf_init(&why);
	if (keyring_load(&ring, source, &why)) {
		MUST(ring.count > 0 && ring.count <= KEYRING_MAX && why.len == 0);
		MUST(source->jwks_file != NULL || (ring.count == 1 && !ring.has_kids));
		for (size_t i = 0; i < ring.count; i++) {
			MUST((ring.keys[i].algorithms & ~possible) == 0);
			check_key(&ring, i);
		}
		check_again(&ring, source);
	} else {
		MUST(why.len > 0 && ring.count == 0);
	}
	keyring_release(&ring);
	buf_release(&why);
}

/* No secret is taken from a set that others could read. One kid may stand twice in it. */
static void check_published(const char *bytes, size_t len)
{
	struct keyring ring;
	struct buf why;

	buf_init(&why);
	if (keyring_read(&ring, bytes, len, "a provider", &why))
		MUST(ring.count > 0 && ring.count <= KEYRING_MAX);
	else
		MUST(why.len > 0 && ring.count == 0);
	for (size_t i = 0; i < ring.count; i++)
		MUST(!key_is_secret(&ring.keys[i]) && keyring_has(&ring, ring.keys[i].mark));
	keyring_release(&ring);
	buf_release(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("key", MFD_CLOEXEC);
	char path[40];

	log_setup(LOG_ERROR, false);
	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size && fchmod(fd, 0600) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check(&(struct keyring_source){.secret_file = path}, ALGORITHM_SET(ALGORITHM_HS256));
	check(&(struct keyring_source){.secret_file = path, .algorithm = "RS256"}, 0);
	check(&(struct keyring_source){.public_key_file = path}, ~ALGORITHMS_HS);
	check(&(struct keyring_source){.public_key_file = path, .algorithm = "HS256"}, 0);
	check(&(struct keyring_source){.public_key_file = path, .algorithm = "EdDSA"},
	      ALGORITHM_SET(ALGORITHM_EDDSA));
	check(&(struct keyring_source){.jwks_file = path}, ~0U);
	check_published((const char *)data, size);
	close(fd);
	return 0;
}
