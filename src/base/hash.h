/* SPDX-License-Identifier: PostgreSQL */
/*
 * hash.h: SipHash-1-3, keyed at random for each table.
 *
 * The random key keeps others from choosing names that collide. Aumasson and Bernstein published
 * SipHash in 2012. Rust and Ruby use this form, with fewer rounds, for their tables.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

struct hash_key hash_key_random(void); /* from getrandom(2); aborts if there is none */
uint64_t hash_bytes(struct hash_key key, const void *bytes, size_t len);

#endif
