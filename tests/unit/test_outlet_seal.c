/* SPDX-License-Identifier: PostgreSQL */
/* What is sealed is read here by other calls of libcrypto than it is made with; texts that
 * @hapi/iron has made show that they are the right ones. */
#include "outlet/seal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#include "unit.h"

#define PASSWORD "a password of the tests: ünïcödé 😀 and enough"
#define PARTS 8
enum { PREFIX, ID, SALT, IV, ENCRYPTED, EXPIRATION, MAC_SALT, MAC };

/* The text in its parts; false: they are not eight. */
static bool split(char *text, char *parts[PARTS])
{
	size_t count = 0;

	for (char *part; (part = strsep(&text, "*")) != NULL; count++)
		if (count < PARTS)
			parts[count] = part;
	return count == PARTS;
}

static size_t decode(const char *text, unsigned char *out)
{
	char padded[4096];
	size_t len = strlen(text), pad = (4 - len % 4) % 4;

	assert_true(len + pad < sizeof(padded));
	for (size_t i = 0; i < len; i++)
		padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	memset(padded + len, '=', pad);
	return (size_t)EVP_DecodeBlock(out, (unsigned char *)padded, (int)(len + pad)) - pad;
}

static void derive(const char *password, const char *salt, unsigned char key[32])
{
	assert_int_equal(PKCS5_PBKDF2_HMAC_SHA1(password, (int)strlen(password),
						(const unsigned char *)salt, (int)strlen(salt), 1,
						32, key),
			 1);
}

/* Appends what was sealed; false: the mac is not of this text and password. */
static bool unseal(const char *sealed, const char *password, struct buf *out)
{
	unsigned char key[32], mac[64], signed_as[64], iv[64], encrypted[4096];
	char *copy = xstrdup(sealed), *parts[PARTS];
	EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
	size_t base = (size_t)(strrchr(sealed, '*') - sealed);
	int len, last;
	bool good;

	assert_true(split(copy, parts));
	base -= strlen(parts[MAC_SALT]) + 1;
	derive(password, parts[MAC_SALT], key);
	HMAC(EVP_sha256(), key, sizeof(key), (const unsigned char *)sealed, base, signed_as, NULL);
	good = decode(parts[MAC], mac) == 32 && memcmp(mac, signed_as, 32) == 0;
	if (good) {
		derive(password, parts[SALT], key);
		assert_int_equal(decode(parts[IV], iv), 16);
		assert_int_equal(EVP_DecryptInit_ex(aes, EVP_aes_256_cbc(), NULL, key, iv), 1);
		buf_reserve(out, strlen(parts[ENCRYPTED]));
		assert_int_equal(EVP_DecryptUpdate(aes, (unsigned char *)out->data + out->len, &len,
						   encrypted,
						   (int)decode(parts[ENCRYPTED], encrypted)),
				 1);
		assert_int_equal(EVP_DecryptFinal_ex(
					 aes, (unsigned char *)out->data + out->len + len, &last),
				 1);
		out->len += (size_t)len + (size_t)last;
		out->data[out->len] = '\0';
	}
	EVP_CIPHER_CTX_free(aes);
	free(copy);
	return good;
}

static struct seal *make(const char *password, const char *id)
{
	const char *why = NULL;
	struct seal *s = seal_new(password, id, &why);

	if (s == NULL)
		fail_msg("%s", why);
	return s;
}

static void assert_unseals(const char *sealed, const char *password, const char *expected)
{
	struct buf out;

	buf_init(&out);
	assert_true(unseal(sealed, password, &out));
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

TEST(what_iron_has_sealed_is_unsealed_by_these_tests)
{
	assert_unseals("Fe26.2*k1*1851eaedac721ede90b11c696100a0b904674e42a1cce608d50d060723e72f78*"
		       "oUu-3rXCG4J8XyyAngsEqQ"
		       "*5SM0kAq5_fVUGpXEZ8x46rYB7TgyQXp2g38m_04JpMcTQLX398jHP0PijUZX1eLx*"
		       "*59c89d70a86caf0f4c429bd42668d28f1ed809c2a9cb69b72d4f0637ad7cb7cf*"
		       "gXhjekpT1pQdRLs-b41n2h3uvwG1zlbigKZaCqydfcQ",
		       PASSWORD, "{\"name\":\"iron\",\"n\":460.1,\"text\":\"ü\xe2\x80\xa8\"}");
	assert_unseals("Fe26.2**e8fab98c6dac6711b51b3c19d06e0456e0f53f00787158eca448e90e3ac709fa*"
		       "XIeZwTbD3Kg7OrQsRER4GQ"
		       "*pcf1Z70Kies4KqrZljzoAQ**"
		       "e9914dda3594c0dbd58ca24fc3e946caf589a121cd26464c2268badf09eb6e52"
		       "*k33XMtiVFkjf3pfEoyJoTCK_CiC7YNWxfW3K3ViPxN4",
		       PASSWORD, "{}");
}

TEST(what_is_sealed_is_unsealed_with_the_same_password_only)
{
	struct seal *s = make(PASSWORD, NULL);
	struct buf sealed, out;

	buf_init(&sealed);
	buf_init(&out);
	assert_true(seal_append(s, (struct text){"{\"a\":1}", 7}, &sealed));
	assert_unseals(sealed.data, PASSWORD, "{\"a\":1}");
	assert_false(unseal(sealed.data, PASSWORD "x", &out));
	seal_free(s);
	buf_release(&sealed);
	buf_release(&out);
}

static bool is_of(const char *text, size_t len, const char *alphabet)
{
	return strlen(text) == len && strspn(text, alphabet) == len;
}

#define HEX "0123456789abcdef"
#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* Every length of the last block, so every padding, and every length of base64's last group. */
TEST(texts_of_every_length_have_the_form_of_fe26_2)
{
	struct seal *s = make(PASSWORD, "key_2026");
	char plain[130], *parts[PARTS];
	struct buf sealed;

	buf_init(&sealed);
	memset(plain, 'x', sizeof(plain));
	for (size_t len = 0; len < sizeof(plain); len++) {
		buf_clear(&sealed);
		plain[len] = '\0';
		assert_true(seal_append(s, (struct text){plain, len}, &sealed));
		assert_int_equal(strlen(sealed.data), sealed.len);
		assert_unseals(sealed.data, PASSWORD, plain);
		plain[len] = 'x';
		assert_true(split(sealed.data, parts));
		assert_string_equal(parts[PREFIX], "Fe26.2");
		assert_string_equal(parts[ID], "key_2026");
		assert_true(is_of(parts[SALT], 64, HEX) && is_of(parts[MAC_SALT], 64, HEX));
		assert_true(is_of(parts[IV], 22, BASE64URL) && is_of(parts[MAC], 43, BASE64URL));
		assert_true(is_of(parts[ENCRYPTED], ((len / 16 + 1) * 16 * 4 + 2) / 3, BASE64URL));
		assert_string_equal(parts[EXPIRATION], "");
	}
	seal_free(s);
	buf_release(&sealed);
}

TEST(no_salt_and_no_iv_comes_twice)
{
	enum { COUNT = 1000 };
	static char seen[3 * COUNT][65];
	struct seal *s = make(PASSWORD, NULL);
	struct buf sealed;
	char *parts[PARTS];

	buf_init(&sealed);
	for (size_t i = 0; i < COUNT; i++) {
		buf_clear(&sealed);
		assert_true(seal_append(s, (struct text){"{}", 2}, &sealed));
		assert_true(split(sealed.data, parts));
		snprintf(seen[3 * i], 65, "%s", parts[SALT]);
		snprintf(seen[3 * i + 1], 65, "%s", parts[IV]);
		snprintf(seen[3 * i + 2], 65, "%s", parts[MAC_SALT]);
	}
	qsort(seen, 3 * COUNT, sizeof(seen[0]), (int (*)(const void *, const void *))strcmp);
	for (size_t i = 1; i < 3 * COUNT; i++)
		assert_string_not_equal(seen[i - 1], seen[i]);
	seal_free(s);
	buf_release(&sealed);
}

TEST(a_text_is_appended_and_a_long_one_too)
{
	struct seal *s = make(PASSWORD, NULL);
	size_t len = 1 << 20;
	char *plain = xmalloc(len);
	struct buf sealed;

	buf_init(&sealed);
	buf_append_str(&sealed, "data: ");
	memset(plain, 'x', len);
	assert_true(seal_append(s, (struct text){plain, len}, &sealed));
	assert_memory_equal(sealed.data, "data: Fe26.2**", 14);
	assert_true(sealed.len > len / 3 * 4 && sealed.len < len / 3 * 4 + 300);
	free(plain);
	seal_free(s);
	buf_release(&sealed);
}

static void assert_refused(const char *password, const char *id, const char *expected)
{
	const char *why = NULL;

	assert_null(seal_new(password, id, &why));
	assert_string_equal(why, expected);
}

static void assert_taken(const char *password, const char *id)
{
	seal_free(make(password, id));
}

#define TEN "0123456789"
#define E_ACUTE "\xc3\xa9"
#define FOUR E_ACUTE E_ACUTE E_ACUTE E_ACUTE

TEST(a_password_has_at_least_32_characters_whatever_their_bytes)
{
	assert_refused("", NULL, "encryption-key has 0 characters, fewer than 32");
	assert_refused(TEN TEN TEN "1", NULL, "encryption-key has 31 characters, fewer than 32");
	assert_taken(TEN TEN TEN "12", NULL);
	assert_refused(FOUR FOUR FOUR FOUR, NULL,
		       "encryption-key has 16 characters, fewer than 32");
	assert_taken(FOUR FOUR FOUR FOUR FOUR FOUR FOUR FOUR, NULL);
	/* 32 units for JavaScript */
	assert_refused("😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀", NULL,
		       "encryption-key has 16 characters, fewer than 32");
}

TEST(a_password_that_is_not_utf_8_is_refused)
{
	const char *const wrong[] = {
		"\xe9", "\xc3",        "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\x80", "\xf0\x9f\x98"};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char *password = xasprintf(TEN TEN TEN TEN "%s", wrong[i]);

		assert_refused(password, NULL, "encryption-key is not UTF-8");
		free(password);
	}
}

TEST(an_id_is_of_letters_digits_and_underscores)
{
	const char *const wrong[] = {"", "a*b", "a.b", "a-b", " a", "a\n", "é", "*"};
	char id[SEAL_ID_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_refused(PASSWORD, wrong[i],
			       "encryption-key-id is not of 1 to 64 letters, digits and _");
	memset(id, 'z', sizeof(id));
	id[SEAL_ID_MAX + 1] = '\0';
	assert_refused(PASSWORD, id, "encryption-key-id is not of 1 to 64 letters, digits and _");
	id[SEAL_ID_MAX] = '\0';
	assert_taken(PASSWORD, id);
	assert_taken(PASSWORD, "_aZ09");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_iron_has_sealed_is_unsealed_by_these_tests),
		cmocka_unit_test(what_is_sealed_is_unsealed_with_the_same_password_only),
		cmocka_unit_test(texts_of_every_length_have_the_form_of_fe26_2),
		cmocka_unit_test(no_salt_and_no_iv_comes_twice),
		cmocka_unit_test(a_text_is_appended_and_a_long_one_too),
		cmocka_unit_test(a_password_has_at_least_32_characters_whatever_their_bytes),
		cmocka_unit_test(a_password_that_is_not_utf_8_is_refused),
		cmocka_unit_test(an_id_is_of_letters_digits_and_underscores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
