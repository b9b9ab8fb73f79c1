/* SPDX-License-Identifier: PostgreSQL */
/*
 * hash.h: SipHash-1-3 (Aumasson, Bernstein 2012; the reduced-round form that Rust and Ruby use for
 * tables) with a random key of each table's own, so that nobody outside can choose keys that
 * collide.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

struct hash_key hash_key_random(void); /* from getrandom(2); aborts when there is none */
uint64_t hash_bytes(struct hash_key key, const void *bytes, size_t len);

#endif
