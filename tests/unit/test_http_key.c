/* SPDX-License-Identifier: PostgreSQL */
#include "http/key.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/log.h"

#include "temp.h"
#include "token.h"

static unsigned char *key;
static size_t key_len;
static jwt_alg_t algorithm;
static EVP_PKEY *rsa2048, *p256; /* the private halves of rsa2048.pem and p256.pem */

static bool load(const char *secret, const char *secret_file, const char *public_key_file,
		 const char *name, const char **ret_why)
{
	struct key_source source = {secret, secret_file, public_key_file, name};

	free(key);
	key = NULL;
	return key_load(&source, &key, &key_len, &algorithm, ret_why);
}

static void assert_loaded(struct key_source s, jwt_alg_t expected)
{
	const char *why = "";

	if (!load(s.secret, s.secret_file, s.public_key_file, s.algorithm, &why))
		fail_msg("%s", why);
	assert_int_equal(algorithm, expected);
}

static void assert_refused(struct key_source s, const char *expected)
{
	const char *why = "";

	if (load(s.secret, s.secret_file, s.public_key_file, s.algorithm, &why))
		fail_msg("taken, but: %s", expected);
	if (strstr(why, expected) == NULL)
		fail_msg("refused because %s", why);
}

/* The public half as a file; takes the key over unless it is to be kept. */
static void write_public(const char *name, EVP_PKEY *pair, EVP_PKEY **ret_kept)
{
	FILE *out = fopen(temp_path(name), "w");

	assert_non_null(pair);
	assert_int_equal(PEM_write_PUBKEY(out, pair), 1);
	fclose(out);
	if (ret_kept != NULL)
		*ret_kept = pair;
	else
		EVP_PKEY_free(pair);
}

static int open_files(void **state __attribute__((unused)))
{
	static const char *const curves[][2] = {
		{"p384.pem", "P-384"},		 {"p521.pem", "P-521"},
		{"p224.pem", "P-224"},		 {"k256.pem", "secp256k1"},
		{"b256.pem", "brainpoolP256r1"}, {"b384.pem", "brainpoolP384r1"}};

	log_setup(LOG_ERROR, false);
	temp_open();
	write_public("rsa1024.pem", EVP_RSA_gen(1024), NULL);
	write_public("rsa2048.pem", EVP_RSA_gen(2048), &rsa2048);
	write_public("p256.pem", EVP_EC_gen("P-256"), &p256);
	write_public("ed25519.pem", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		write_public(curves[i][0], EVP_EC_gen(curves[i][1]), NULL);
	return 0;
}

static int close_files(void **state __attribute__((unused)))
{
	EVP_PKEY_free(rsa2048);
	EVP_PKEY_free(p256);
	free(key);
	temp_close();
	return 0;
}

TEST(no_source_is_no_key)
{
	assert_loaded((struct key_source){NULL}, JWT_ALG_NONE);
	assert_null(key);
	assert_int_equal(key_len, 0);
}

TEST(a_secret_is_taken_as_it_is)
{
	assert_loaded((struct key_source){.secret = KEY}, JWT_ALG_HS256);
	assert_int_equal(key_len, 32);
	assert_memory_equal(key, KEY, 32);
}

TEST(an_empty_or_short_secret_is_refused)
{
	assert_refused((struct key_source){.secret = ""}, "0 bytes");
	assert_refused((struct key_source){.secret = "0123456789abcdef0123456789abcde"},
		       "31 bytes, fewer than 32");
	assert_refused((struct key_source){.secret_file = temp_write("empty", "", 0)}, "0 bytes");
	assert_refused((struct key_source){.secret_file = temp_write("ends", "\n\r\n\n", 4)},
		       "0 bytes");
	assert_refused((struct key_source){.secret_file = temp_write("short", KEY "\n", 31)},
		       "31 bytes");
	assert_refused(
		(struct key_source){.secret_file = temp_write(
					    "filled", "0123456789abcdef0123456789abcde\n\n", 33)},
		"31 bytes");
	assert_refused((struct key_source){.secret_file = temp_path("missing")}, "cannot read");
	assert_refused((struct key_source){.secret_file = temp_dir}, "0 bytes");
}

TEST(line_ends_behind_a_secret_do_not_count_and_other_bytes_do)
{
	assert_loaded((struct key_source){.secret_file = temp_write("nl", KEY "\n", 33)},
		      JWT_ALG_HS256);
	assert_int_equal(key_len, 32);
	assert_loaded((struct key_source){.secret_file = temp_write("crlf", KEY "\r\n", 34)},
		      JWT_ALG_HS256);
	assert_int_equal(key_len, 32);
	assert_loaded((struct key_source){.secret_file = temp_write("blank", KEY " \n", 34)},
		      JWT_ALG_HS256);
	assert_int_equal(key_len, 33);
	assert_loaded((struct key_source){.secret_file = temp_write("nul", "\0" KEY "\0\n", 35)},
		      JWT_ALG_HS256);
	assert_int_equal(key_len, 34);
	assert_memory_equal(key, "\0" KEY "\0", 34);
}

TEST(two_sources_are_refused)
{
	assert_refused((struct key_source){.secret = KEY, .secret_file = temp_path("nl")},
		       "more than one");
	assert_refused(
		(struct key_source){.secret = KEY, .public_key_file = temp_path("rsa2048.pem")},
		"more than one");
	assert_refused((struct key_source){.secret_file = temp_path("nl"),
					   .public_key_file = temp_path("rsa2048.pem")},
		       "more than one");
}

TEST(the_key_fixes_the_family_of_algorithms)
{
	assert_loaded((struct key_source){.secret = KEY, .algorithm = "HS384"}, JWT_ALG_HS384);
	assert_loaded((struct key_source){.secret = KEY, .algorithm = "HS512"}, JWT_ALG_HS512);
	assert_loaded((struct key_source){.public_key_file = temp_path("rsa2048.pem")},
		      JWT_ALG_RS256);
	assert_loaded((struct key_source){.public_key_file = temp_path("rsa2048.pem"),
					  .algorithm = "RS512"},
		      JWT_ALG_RS512);
	assert_loaded((struct key_source){.public_key_file = temp_path("p256.pem")}, JWT_ALG_ES256);
	assert_loaded((struct key_source){.public_key_file = temp_path("p384.pem")}, JWT_ALG_ES384);
	assert_loaded(
		(struct key_source){.public_key_file = temp_path("p521.pem"), .algorithm = "ES512"},
		JWT_ALG_ES512);
}

TEST(an_algorithm_that_does_not_fit_the_key_is_refused)
{
	static const struct {
		const char *file, *algorithm;
	} bad[] = {{NULL, "RS256"},	     {NULL, "ES256"},	    {"rsa2048.pem", "HS256"},
		   {"rsa2048.pem", "ES256"}, {"p256.pem", "ES384"}, {"p256.pem", "HS256"},
		   {"p256.pem", "RS256"},    {"p384.pem", "ES256"}, {"p521.pem", "ES384"}};
	static const char *const unknown[] = {"none",  "",	 "hs256", "HS256 ",
					      "PS256", "ES256K", "EdDSA"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(
			(struct key_source){.secret = bad[i].file == NULL ? KEY : NULL,
					    .algorithm = bad[i].algorithm,
					    .public_key_file = bad[i].file == NULL
								       ? NULL
								       : temp_path(bad[i].file)},
			"not for");
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_refused((struct key_source){.secret = KEY, .algorithm = unknown[i]},
			       "not one of");
}

TEST(a_weak_or_unsuitable_public_key_is_refused)
{
	assert_refused((struct key_source){.public_key_file = temp_path("rsa1024.pem")},
		       "1024 bits, fewer than 2048");
	assert_refused((struct key_source){.public_key_file = temp_path("p224.pem")},
		       "neither RSA nor");
	assert_refused((struct key_source){.public_key_file = temp_path("ed25519.pem")},
		       "neither RSA nor");
	assert_refused((struct key_source){.public_key_file = temp_write("empty", "", 0)},
		       "no public key");
	assert_refused((struct key_source){.public_key_file = temp_write("text", KEY, 32)},
		       "no public key");
	assert_refused((struct key_source){.public_key_file = temp_path("missing")}, "cannot read");
}

TEST(a_curve_of_the_same_length_is_another_curve)
{
	assert_refused((struct key_source){.public_key_file = temp_path("k256.pem")},
		       "neither RSA nor");
	assert_refused((struct key_source){.public_key_file = temp_path("b256.pem")},
		       "neither RSA nor");
	assert_refused((struct key_source){.public_key_file = temp_path("b384.pem")},
		       "neither RSA nor");
}

TEST(a_private_key_is_no_public_one)
{
	FILE *out = fopen(temp_path("private.pem"), "w");

	PEM_write_PrivateKey(out, rsa2048, NULL, NULL, 0, NULL, NULL);
	fclose(out);
	assert_refused((struct key_source){.public_key_file = temp_path("private.pem")},
		       "no public key");
}

static bool verifies(const char *token)
{
	struct token_options options = {.key = key, .key_len = key_len, .algorithm = algorithm};
	struct identity identity;
	const char *why;

	if (!token_verify(&options, token, NOW_S * 1000, &identity, &why))
		return false;
	identity_release(&identity);
	return true;
}

/* Is a token taken that this private key signs with this algorithm? */
static bool takes_signed(EVP_PKEY *private, jwt_alg_t with)
{
	BIO *pem = BIO_new(BIO_s_mem());
	char *bytes, *token;
	jwt_t *jwt;
	bool taken;
	long len;

	PEM_write_bio_PrivateKey(pem, private, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(pem, &bytes);
	assert_int_equal(jwt_new(&jwt), 0);
	assert_int_equal(jwt_add_grant_int(jwt, "exp", NOW_S + 100), 0);
	assert_int_equal(jwt_set_alg(jwt, with, (unsigned char *)bytes, (int)len), 0);
	token = jwt_encode_str(jwt);
	assert_non_null(token);
	taken = verifies(token);
	free(token);
	jwt_free(jwt);
	BIO_free(pem);
	return taken;
}

TEST(a_token_of_the_private_half_is_taken_with_the_one_algorithm)
{
	assert_loaded((struct key_source){.public_key_file = temp_path("rsa2048.pem")},
		      JWT_ALG_RS256);
	assert_true(takes_signed(rsa2048, JWT_ALG_RS256));
	assert_false(takes_signed(rsa2048, JWT_ALG_RS384));
	assert_loaded((struct key_source){.public_key_file = temp_path("p256.pem")}, JWT_ALG_ES256);
	assert_true(takes_signed(p256, JWT_ALG_ES256));
	assert_false(takes_signed(rsa2048, JWT_ALG_RS256));
}

TEST(the_public_key_is_no_secret_that_a_token_can_be_signed_with)
{
	static const char *const files[] = {"rsa2048.pem", "p256.pem"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *why;
		char *token;

		assert_true(load(NULL, NULL, temp_path(files[i]), NULL, &why));
		token = make_token(HS256, "{\"exp\":" LATER "}", EVP_sha256(), (const char *)key,
				   key_len);
		assert_false(verifies(token));
		algorithm = JWT_ALG_HS256; /* it is refused for its algorithm, not for a mistake in
					      it */
		assert_true(verifies(token));
		free(token);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_source_is_no_key),
		cmocka_unit_test(a_secret_is_taken_as_it_is),
		cmocka_unit_test(an_empty_or_short_secret_is_refused),
		cmocka_unit_test(line_ends_behind_a_secret_do_not_count_and_other_bytes_do),
		cmocka_unit_test(two_sources_are_refused),
		cmocka_unit_test(the_key_fixes_the_family_of_algorithms),
		cmocka_unit_test(an_algorithm_that_does_not_fit_the_key_is_refused),
		cmocka_unit_test(a_weak_or_unsuitable_public_key_is_refused),
		cmocka_unit_test(a_curve_of_the_same_length_is_another_curve),
		cmocka_unit_test(a_private_key_is_no_public_one),
		cmocka_unit_test(a_token_of_the_private_half_is_taken_with_the_one_algorithm),
		cmocka_unit_test(the_public_key_is_no_secret_that_a_token_can_be_signed_with),
	};

	return cmocka_run_group_tests(tests, open_files, close_files);
}
