/* SPDX-License-Identifier: PostgreSQL */
#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "token.h"

static bool decodes_to(const char *text, const char *bytes, size_t bytes_len)
{
	size_t len = strlen(text), got = 0;
	unsigned char *out = malloc(BASE64_ROOM(len));
	bool good = base64url_decode(text, len, out, &got) && got == bytes_len &&
		    memcmp(out, bytes, got) == 0;

	free(out);
	return good;
}

static bool decodes(const char *text, size_t len)
{
	size_t got;
	unsigned char *out = malloc(BASE64_ROOM(len));
	bool good = base64url_decode(text, len, out, &got);

	free(out);
	return good;
}

TEST(the_rfcs_examples_are_read)
{
	assert_true(decodes_to("", "", 0));
	assert_true(decodes_to("Zg", "f", 1));
	assert_true(decodes_to("Zm8", "fo", 2));
	assert_true(decodes_to("Zm9v", "foo", 3));
	assert_true(decodes_to("Zm9vYg", "foob", 4));
	assert_true(decodes_to("Zm9vYmFy", "foobar", 6));
	assert_true(decodes_to("-_-_", "\xfb\xff\xbf", 3));
	assert_true(decodes_to("AAAA", "\0\0\0", 3));
}

TEST(what_is_not_of_the_alphabet_is_refused)
{
	for (int c = 1; c < 256; c++) {
		char text[] = {'Z', 'm', (char)c, 'v', '\0'};
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			      (c >= '0' && c <= '9') || c == '-' || c == '_';

		assert_int_equal(decodes(text, 4), letter);
		assert_int_equal(base64url_digit((char)c) >= 0, letter);
	}
	assert_false(decodes("Z\0m8", 4));
	assert_false(decodes("Zg==", 4));
	assert_false(decodes("Zm8=", 4));
}

TEST(a_lonely_last_letter_is_refused)
{
	assert_false(decodes("Z", 1));
	assert_false(decodes("A", 1));
	assert_false(decodes("Zm9vY", 5));
}

TEST(of_the_spellings_of_some_bytes_one_is_read)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char one[] = "Z?", two[] = "Zm?";
	int ones = 0, twos = 0;

	for (const char *c = letters; *c != '\0'; c++) {
		one[1] = *c;
		two[2] = *c;
		ones += decodes(one, 2);
		twos += decodes(two, 3);
	}
	assert_int_equal(ones, 4);  /* of 64: the letter's upper 2 bits count */
	assert_int_equal(twos, 16); /* the upper 4 */
	assert_false(decodes("Zh", 2));
	assert_false(decodes("Zm9", 3));
}

TEST(what_is_written_by_another_is_read_back)
{
	unsigned char bytes[200];
	uint32_t seed = 11;

	for (size_t len = 0; len < sizeof(bytes); len++) {
		struct buf text;

		bytes[len] = (unsigned char)next_random(&seed);
		buf_init(&text);
		append_base64url(&text, bytes, len);
		assert_true(decodes_to(text.data, (char *)bytes, len));
		buf_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfcs_examples_are_read),
		cmocka_unit_test(what_is_not_of_the_alphabet_is_refused),
		cmocka_unit_test(a_lonely_last_letter_is_refused),
		cmocka_unit_test(of_the_spellings_of_some_bytes_one_is_read),
		cmocka_unit_test(what_is_written_by_another_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
