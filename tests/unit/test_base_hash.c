/* SPDX-License-Identifier: PostgreSQL */
#include "base/hash.h"

#include <string.h>

#include "unit.h"

/* The key of the published vectors: the bytes 00 to 0f. */
static const struct hash_key vector_key = {.k0 = 0x0706050403020100, .k1 = 0x0f0e0d0c0b0a0908};

/*
 * SipHash-1-3 of the input 00, 01, 02, ... of so many bytes, as produced by the authors' reference
 * program with one and three rounds. Every length of the tail and up to two whole words.
 */
static const uint64_t vectors[] = {
	0xabac0158050fc4dc, 0xc9f49bf37d57ca93, 0x82cb9b024dc7d44d, 0x8bf80ab8e7ddf7fb,
	0xcf75576088d38328, 0xdef9d52f49533b67, 0xc50d2b50c59f22a7, 0xd3927d989bb11140,
	0x369095118d299a8e, 0x25a48eb36c063de4, 0x79de85ee92ff097f, 0x70c118c1f94dc352,
	0x78a384b157b4d9a2, 0x306f760c1229ffa7, 0x605aa111c0f95d34, 0xd320d86d2a519956,
	0xcc4fdd1a7d908b66,
};

TEST(the_hash_is_siphash_1_3)
{
	unsigned char input[sizeof(vectors) / sizeof(vectors[0])];

	for (size_t len = 0; len < sizeof(input); len++) {
		input[len] = (unsigned char)len;
		assert_int_equal(hash_bytes(vector_key, input, len), vectors[len]);
	}
}

TEST(the_hash_does_not_depend_on_alignment)
{
	unsigned char bytes[16 + 8];
	size_t len = 16;

	for (size_t shift = 0; shift < 8; shift++) {
		for (size_t at = 0; at < len; at++)
			bytes[shift + at] = (unsigned char)at;
		assert_int_equal(hash_bytes(vector_key, bytes + shift, len), vectors[len]);
	}
}

TEST(no_bytes_at_all_have_a_hash)
{
	assert_int_equal(hash_bytes(vector_key, NULL, 0), vectors[0]);
}

TEST(random_keys_differ_and_so_do_their_hashes)
{
	struct hash_key one = hash_key_random();
	struct hash_key two = hash_key_random();

	assert_memory_not_equal(&one, &two, sizeof(one));
	assert_int_not_equal(hash_bytes(one, "topic", 5), hash_bytes(two, "topic", 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_siphash_1_3),
		cmocka_unit_test(the_hash_does_not_depend_on_alignment),
		cmocka_unit_test(no_bytes_at_all_have_a_hash),
		cmocka_unit_test(random_keys_differ_and_so_do_their_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
