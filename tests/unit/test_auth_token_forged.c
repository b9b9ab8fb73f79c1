/* SPDX-License-Identifier: PostgreSQL */
/* Signatures that are none, for each of the thirteen algorithms, in ordinary tokens and in access
 * tokens. */
#include "auth/token.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "jwk.h"

#define SECRET KEY KEY /* enough for HS512 */
#define PAYLOAD "{\"sub\":\"7\",\"exp\":" LATER "}"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* An algorithm, what signs with it, and the ring that takes it. */
struct scheme {
	enum algorithm algorithm;
	EVP_PKEY *private; /* NULL: SECRET */
	bool access;
	struct keyring ring;
};

static EVP_PKEY *rsa, *p256, *p384, *p521, *ed25519;
static struct scheme schemes[2 * 13];

static void add_scheme(struct scheme *s, enum algorithm algorithm, EVP_PKEY *private)
{
	struct buf why;

	buf_init(&why);
	*s = (struct scheme){.algorithm = algorithm, .private = private, .ring = {.count = 1}};
	if (private == NULL)
		assert_true(
			key_from_secret(&s->ring.keys[0], SECRET, strlen(SECRET), algorithm, &why));
	else
		assert_true(key_from_public(&s->ring.keys[0], private, algorithm, &why));
	buf_release(&why);
}

static int make_keys(void **state __attribute__((unused)))
{
	rsa = EVP_RSA_gen(2048);
	p256 = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	p521 = EVP_EC_gen("P-521");
	ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *private[] = {NULL, NULL, NULL, rsa, rsa, rsa,    p256,
			       p384, p521, rsa,  rsa, rsa, ed25519};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		add_scheme(&schemes[i], (enum algorithm)(ALGORITHM_HS256 + i % 13),
			   private[i % 13]);
	for (size_t i = 13; i < ARRAY_SIZE(schemes); i++)
		schemes[i].access = true;
	return 0;
}

static int free_keys(void **state __attribute__((unused)))
{
	EVP_PKEY *keys[] = {rsa, p256, p384, p521, ed25519};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		EVP_PKEY_free(keys[i]);
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		keyring_release(&schemes[i].ring);
	return 0;
}

/* The caller frees it. */
static char *sign(const struct scheme *s)
{
	char header[60];

	if (s->private != NULL && !s->access)
		return sign_with(s->private, s->algorithm, NULL);
	snprintf(header, sizeof(header), "{\"alg\":\"%s\"%s}", algorithm_name(s->algorithm),
		 s->access ? ",\"typ\":\"at+jwt\"" : "");
	if (s->private != NULL)
		return sign_text(s->private, s->algorithm, header, PAYLOAD);
	return make_token(header, PAYLOAD, algorithm_hash(s->algorithm), SECRET, strlen(SECRET));
}

TEST(each_algorithm_is_taken_by_its_own_key_alone)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		char *token = sign(&schemes[i]);

		for (size_t k = 0; k < ARRAY_SIZE(schemes); k++)
			if (ring_takes(&schemes[k].ring, token) != (k % 13 == i % 13))
				fail_msg("%s at a server of %s",
					 algorithm_name(schemes[i].algorithm),
					 algorithm_name(schemes[k].algorithm));
		free(token);
	}
}

/* A bit of each letter, all zero, none at all. */
TEST(a_signature_that_differs_in_a_byte_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		char *token = sign(&schemes[i]), *signature = strrchr(token, '.') + 1;
		size_t len = strlen(signature);

		for (size_t at = 0; at < len; at++) {
			char kept = signature[at];

			/* the bit that always counts */
			signature[at] = letters[(strchr(letters, kept) - letters) ^ 32];
			if (ring_takes(&schemes[i].ring, token))
				fail_msg("%s, letter %zu", algorithm_name(schemes[i].algorithm),
					 at);
			signature[at] = kept;
		}
		assert_true(ring_takes(&schemes[i].ring, token));
		memset(signature, 'A', len);
		assert_false(ring_takes(&schemes[i].ring, token));
		*signature = '\0';
		assert_false(ring_takes(&schemes[i].ring, token));
		free(token);
	}
}

/* Of 64 last letters one is right; the library alone takes the four or sixteen that differ in bits
 * that mean nothing. */
TEST(a_last_letter_has_one_spelling)
{
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		char *token = sign(&schemes[i]), *last = token + strlen(token) - 1, kept = *last;

		for (const char *letter = letters; *letter != '\0'; letter++) {
			*last = *letter;
			if (ring_takes(&schemes[i].ring, token) != (*letter == kept))
				fail_msg("%s, %c for %c", algorithm_name(schemes[i].algorithm),
					 *letter, kept);
		}
		free(token);
	}
}

static void assert_changed(const struct scheme *s, const char *token, const char *tail)
{
	char *changed = xasprintf("%s%s", token, tail);

	if (ring_takes(&s->ring, changed))
		fail_msg("%s with '%s' behind it", algorithm_name(s->algorithm), tail);
	free(changed);
}

/* 1000 for each kind of key; the longer ones of a kind take long, and 100 each. TIMES: see unit.h.
 */
TEST(random_signatures_of_the_right_length_are_refused)
{
	uint32_t seed = 7;

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		char *token = sign(&schemes[i]), *signature = strrchr(token, '.') + 1;
		size_t len = strlen(signature);

		for (int times = TIMES(i % 13 % 3 == 0 ? 1000 : 100); times > 0; times--) {
			/* its last letter is one that can be */
			for (size_t at = 0; at < len - 1; at++)
				signature[at] = letters[next_random(&seed) % 64];
			assert_false(ring_takes(&schemes[i].ring, token));
		}
		free(token);
	}
}

TEST(a_signature_cut_short_or_longer_is_refused)
{
	static const char *const tails[] = {
		"A", "AA", "AAA", "AAAA", "=", "==", "\n", " ", "!", ".", "%3D"};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		char *token = sign(&schemes[i]), *signature = strrchr(token, '.') + 1;

		for (size_t t = 0; t < ARRAY_SIZE(tails); t++)
			assert_changed(&schemes[i], token, tails[t]);
		for (size_t len = strlen(token) - 1; token + len > signature; len--) {
			token[len] = '\0';
			assert_false(ring_takes(&schemes[i].ring, token));
		}
		free(token);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_algorithm_is_taken_by_its_own_key_alone),
		cmocka_unit_test(a_signature_that_differs_in_a_byte_is_refused),
		cmocka_unit_test(a_last_letter_has_one_spelling),
		cmocka_unit_test(random_signatures_of_the_right_length_are_refused),
		cmocka_unit_test(a_signature_cut_short_or_longer_is_refused),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
