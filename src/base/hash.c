/* SPDX-License-Identifier: PostgreSQL */
#include "base/hash.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include "base/log.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

/* The constants are the paper's, "somepseudorandomlygeneratedbytes" in ASCII. */
static struct sip sip_start(struct hash_key key)
{
	return (struct sip){
		.v0 = key.k0 ^ 0x736f6d6570736575,
		.v1 = key.k1 ^ 0x646f72616e646f6d,
		.v2 = key.k0 ^ 0x6c7967656e657261,
		.v3 = key.k1 ^ 0x7465646279746573,
	};
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

static uint64_t sip_finish(struct sip *s)
{
	s->v2 ^= 0xff;
	sip_round(s);
	sip_round(s);
	sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Callers' keys begin at any address. The compiler makes one load of this memcpy. */
static uint64_t load_word(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

struct hash_key hash_key_random(void)
{
	struct hash_key key;
	ssize_t got;

	do
		got = getrandom(&key, sizeof(key), 0);
	while (got == -1 && errno == EINTR);
	if (got != (ssize_t)sizeof(key)) {
		log_error("no random bytes from the kernel: %s", strerror(errno));
		log_flush();
		abort();
	}
	return key;
}

uint64_t hash_bytes(struct hash_key key, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	struct sip s = sip_start(key);
	uint64_t last = (uint64_t)len << 56;
	size_t rest = len;

	for (; rest >= sizeof(uint64_t); rest -= sizeof(uint64_t), at += sizeof(uint64_t))
		sip_word(&s, load_word(at));
	while (rest-- > 0)
		last |= (uint64_t)at[rest] << (8 * rest);
	sip_word(&s, last);
	return sip_finish(&s);
}
