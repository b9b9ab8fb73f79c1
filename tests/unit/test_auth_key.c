/* SPDX-License-Identifier: PostgreSQL */
#include "auth/keyring.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/log.h"

#include "temp.h"
#include "token.h"

#define ONLY(algorithm) ALGORITHM_SET(ALGORITHM_##algorithm)
#define ALL_OF_RSA (ALGORITHMS_RS | ALGORITHMS_PS)

static struct keyring ring;
static struct buf why;
static EVP_PKEY *rsa2048, *p256; /* the private halves of rsa2048.pem and p256.pem */

static bool load(struct keyring_source s)
{
	keyring_release(&ring);
	buf_clear(&why);
	return keyring_load(&ring, &s, &why);
}

static void assert_loaded(struct keyring_source s, unsigned expected)
{
	if (!load(s))
		fail_msg("%s", why.data);
	assert_string_equal(why.data, "");
	assert_int_equal(ring.count, 1);
	assert_int_equal(ring.keys[0].algorithms, expected);
	assert_true(ring.keys[0].mark != 0 && keyring_has(&ring, ring.keys[0].mark));
	assert_null(ring.keys[0].kid);
}

static void assert_refused(struct keyring_source s, const char *expected)
{
	if (load(s))
		fail_msg("taken, but: %s", expected);
	assert_int_equal(ring.count, 0);
	if (strstr(why.data, expected) == NULL)
		fail_msg("refused because %s", why.data);
}

static void assert_secret_refused(const char *secret, const char *expected)
{
	assert_refused((struct keyring_source){.secret = secret}, expected);
	assert_refused((struct keyring_source){.secret_file = temp_write("secret", secret,
									 strlen(secret))},
		       expected);
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
		{"p384.pem", "P-384"},           {"p521.pem", "P-521"},
		{"p224.pem", "P-224"},           {"k256.pem", "secp256k1"},
		{"b256.pem", "brainpoolP256r1"}, {"b384.pem", "brainpoolP384r1"}};

	log_setup(LOG_ERROR, false);
	buf_init(&why);
	temp_open();
	write_public("rsa1024.pem", EVP_RSA_gen(1024), NULL);
	write_public("rsa2048.pem", EVP_RSA_gen(2048), &rsa2048);
	write_public("p256.pem", EVP_EC_gen("P-256"), &p256);
	write_public("ed25519.pem", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
	write_public("ed448.pem", EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), NULL);
	write_public("x25519.pem", EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), NULL);
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		write_public(curves[i][0], EVP_EC_gen(curves[i][1]), NULL);
	return 0;
}

static int close_files(void **state __attribute__((unused)))
{
	EVP_PKEY_free(rsa2048);
	EVP_PKEY_free(p256);
	keyring_release(&ring);
	buf_release(&why);
	temp_close();
	return 0;
}

TEST(no_source_is_no_key)
{
	assert_true(load((struct keyring_source){NULL}));
	assert_int_equal(ring.count, 0);
}

TEST(a_secret_is_taken_as_it_is)
{
	assert_loaded((struct keyring_source){.secret = KEY}, ONLY(HS256));
	assert_int_equal(ring.keys[0].len, 32);
	assert_memory_equal(ring.keys[0].bytes, KEY, 32);
}

TEST(an_empty_or_short_secret_is_refused)
{
	assert_refused((struct keyring_source){.secret = ""}, "0 bytes, fewer than 32");
	assert_refused((struct keyring_source){.secret_file = temp_write("empty", "", 0)}, "empty");
	assert_refused((struct keyring_source){.secret_file = temp_write("ends", "\n\r\n\n", 4)},
		       "0 bytes");
	assert_secret_refused("0123456789abcdef0123456789abcde", "31 bytes, fewer than 32");
	assert_refused((struct keyring_source){.secret_file = temp_write(
						       "filled",
						       "0123456789abcdef0123456789abcde\n\n", 33)},
		       "31 bytes");
}

TEST(a_secret_is_as_long_as_the_hash)
{
	char secret[65];

	memset(secret, 'k', sizeof(secret));
	secret[64] = '\0';
	assert_loaded((struct keyring_source){.secret = secret, .algorithm = "HS512"}, ONLY(HS512));
	assert_refused((struct keyring_source){.secret = secret + 1, .algorithm = "HS512"},
		       "63 bytes, fewer than 64");
	assert_loaded((struct keyring_source){.secret = secret + 16, .algorithm = "HS384"},
		      ONLY(HS384));
	assert_refused((struct keyring_source){.secret = secret + 17, .algorithm = "HS384"},
		       "47 bytes, fewer than 48");
}

TEST(what_is_no_file_of_a_few_bytes_is_refused_at_once)
{
	char *large = calloc(1, 65537);
	const char *fifo = temp_path("fifo");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	memset(large, 'x', 65537);
	assert_refused((struct keyring_source){.secret_file = temp_path("missing")}, "cannot read");
	assert_refused((struct keyring_source){.secret_file = temp_dir}, "it is a directory");
	assert_refused((struct keyring_source){.secret_file = fifo}, "it is not a regular file");
	assert_refused((struct keyring_source){.public_key_file = fifo},
		       "it is not a regular file");
	assert_refused((struct keyring_source){.jwks_file = "/dev/zero"},
		       "it is not a regular file");
	assert_refused((struct keyring_source){.secret_file = temp_write("large", large, 65537)},
		       "too large");
	assert_loaded((struct keyring_source){.secret_file = temp_write("large", large, 65536)},
		      ONLY(HS256));
	free(large);
}

TEST(a_secret_file_that_everybody_can_read_or_write_is_refused)
{
	static const struct {
		mode_t mode;
		bool good;
	} modes[] = {{0600, true},  {0400, true},  {0640, true},  {0660, true},
		     {0644, false}, {0604, false}, {0602, false}, {0666, false}};
	const char *secret = temp_write("modes", KEY, 32), *link = temp_path("link");

	assert_int_equal(symlink(secret, link), 0);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod(secret, modes[i].mode), 0);
		if (modes[i].good) {
			assert_loaded((struct keyring_source){.secret_file = secret}, ONLY(HS256));
			continue;
		}
		assert_refused((struct keyring_source){.secret_file = secret}, "chmod 600");
		assert_refused((struct keyring_source){.secret_file = link}, "chmod 600");
	}
}

TEST(a_public_key_that_everybody_can_write_is_refused)
{
	const char *pem = temp_path("p256.pem");

	assert_int_equal(chmod(pem, 0646), 0);
	assert_refused((struct keyring_source){.public_key_file = pem}, "everybody can write");
	assert_int_equal(chmod(pem, 0644), 0);
	assert_loaded((struct keyring_source){.public_key_file = pem}, ONLY(ES256));
}

TEST(what_is_no_secret_is_not_taken_for_one)
{
	static const char lines[] = KEY "\n" KEY;

	assert_secret_refused(
		"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC "
		"KEY-----",
		"PEM form");
	assert_secret_refused("# the key\n" KEY, "several lines");
	assert_secret_refused(KEY "\r\n" KEY "\n", "several lines");
	assert_refused(
		(struct keyring_source){.secret_file = temp_write("lines", lines, strlen(lines))},
		"several lines");
	/* as openssl leaves it */
	assert_refused((struct keyring_source){.secret_file = temp_path("rsa2048.pem")},
		       "chmod 600");
	assert_int_equal(chmod(temp_path("rsa2048.pem"), 0600), 0);
	assert_refused((struct keyring_source){.secret_file = temp_path("rsa2048.pem")},
		       "PEM form");
	/* bytes that are no text may have a line end among them */
	assert_loaded(
		(struct keyring_source){.secret_file = temp_write("bytes", KEY "\n\x01" KEY, 66)},
		ONLY(HS256));
}

TEST(the_mark_is_that_of_the_same_key_in_the_same_use)
{
	uint64_t mark;

	assert_loaded((struct keyring_source){.secret = KEY}, ONLY(HS256));
	mark = ring.keys[0].mark;
	assert_loaded((struct keyring_source){.secret_file = temp_write("again", KEY "\n", 33)},
		      ONLY(HS256));
	assert_true(keyring_has(&ring, mark));
	assert_loaded((struct keyring_source){.secret = KEY "!"}, ONLY(HS256));
	assert_false(keyring_has(&ring, mark));
	assert_loaded((struct keyring_source){.public_key_file = temp_path("rsa2048.pem")},
		      ALL_OF_RSA);
	mark = ring.keys[0].mark;
	assert_loaded((struct keyring_source){.public_key_file = temp_path("rsa2048.pem"),
					      .algorithm = "RS384"},
		      ONLY(RS384));
	assert_false(keyring_has(&ring, mark));
}

TEST(line_ends_behind_a_secret_do_not_count_and_other_bytes_do)
{
	assert_loaded((struct keyring_source){.secret_file = temp_write("nl", KEY "\n", 33)},
		      ONLY(HS256));
	assert_int_equal(ring.keys[0].len, 32);
	assert_loaded((struct keyring_source){.secret_file = temp_write("crlf", KEY "\r\n", 34)},
		      ONLY(HS256));
	assert_int_equal(ring.keys[0].len, 32);
	assert_loaded((struct keyring_source){.secret_file = temp_write("blank", KEY " \n", 34)},
		      ONLY(HS256));
	assert_int_equal(ring.keys[0].len, 33);
	assert_loaded(
		(struct keyring_source){.secret_file = temp_write("nul", "\0" KEY "\0\n", 35)},
		ONLY(HS256));
	assert_int_equal(ring.keys[0].len, 34);
	assert_memory_equal(ring.keys[0].bytes, "\0" KEY "\0", 34);
}

TEST(two_sources_are_refused)
{
	assert_refused((struct keyring_source){.secret = KEY, .secret_file = temp_path("nl")},
		       "more than one");
	assert_refused(
		(struct keyring_source){.secret = KEY, .public_key_file = temp_path("rsa2048.pem")},
		"more than one");
	assert_refused((struct keyring_source){.secret_file = temp_path("nl"),
					       .public_key_file = temp_path("rsa2048.pem")},
		       "more than one");
}

TEST(the_kind_of_the_key_says_what_it_is_for)
{
	assert_loaded((struct keyring_source){.public_key_file = temp_path("rsa2048.pem")},
		      ALL_OF_RSA);
	assert_loaded((struct keyring_source){.public_key_file = temp_path("rsa2048.pem"),
					      .algorithm = "RS512"},
		      ONLY(RS512));
	assert_loaded((struct keyring_source){.public_key_file = temp_path("rsa2048.pem"),
					      .algorithm = "PS384"},
		      ONLY(PS384));
	assert_loaded((struct keyring_source){.public_key_file = temp_path("p256.pem")},
		      ONLY(ES256));
	assert_loaded((struct keyring_source){.public_key_file = temp_path("p384.pem")},
		      ONLY(ES384));
	assert_loaded((struct keyring_source){.public_key_file = temp_path("ed25519.pem")},
		      ONLY(EDDSA));
	assert_loaded((struct keyring_source){.public_key_file = temp_path("ed25519.pem"),
					      .algorithm = "Ed25519"},
		      ONLY(EDDSA));
	assert_loaded((struct keyring_source){.public_key_file = temp_path("p521.pem"),
					      .algorithm = "ES512"},
		      ONLY(ES512));
}

TEST(an_algorithm_that_does_not_fit_the_key_is_refused)
{
	static const struct {
		const char *file, *algorithm;
	} bad[] = {{NULL, "RS256"},          {NULL, "ES256"},         {"rsa2048.pem", "HS256"},
		   {"rsa2048.pem", "ES256"}, {"p256.pem", "ES384"},   {"p256.pem", "HS256"},
		   {"p256.pem", "RS256"},    {"p384.pem", "ES256"},   {"p521.pem", "ES384"},
		   {NULL, "PS256"},          {NULL, "EdDSA"},         {"rsa2048.pem", "EdDSA"},
		   {"p256.pem", "PS256"},    {"p256.pem", "EdDSA"},   {"ed25519.pem", "ES256"},
		   {"ed25519.pem", "HS256"}, {"ed25519.pem", "PS256"}};
	static const char *const unknown[] = {"none",  "",       "hs256", "HS256 ",
					      "PS255", "ES256K", "eddsa", "Ed448"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused((struct keyring_source){.secret = bad[i].file == NULL ? KEY : NULL,
						       .algorithm = bad[i].algorithm,
						       .public_key_file =
							       bad[i].file == NULL
								       ? NULL
								       : temp_path(bad[i].file)},
			       "not for");
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_refused((struct keyring_source){.secret = KEY, .algorithm = unknown[i]},
			       "not one of");
}

TEST(a_weak_or_unsuitable_public_key_is_refused)
{
	assert_refused((struct keyring_source){.public_key_file = temp_path("rsa1024.pem")},
		       "1024 bits, fewer than 2048");
	assert_refused((struct keyring_source){.public_key_file = temp_path("p224.pem")},
		       "neither RSA nor");
	assert_refused((struct keyring_source){.public_key_file = temp_path("ed448.pem")},
		       "neither RSA nor");
	assert_refused((struct keyring_source){.public_key_file = temp_path("x25519.pem")},
		       "neither RSA nor");
	assert_refused((struct keyring_source){.public_key_file = temp_write("empty", "", 0)},
		       "empty");
	assert_refused((struct keyring_source){.public_key_file = temp_write("text", KEY, 32)},
		       "no public key");
	assert_refused((struct keyring_source){.public_key_file = temp_path("missing")},
		       "cannot read");
}

TEST(a_curve_of_the_same_length_is_another_curve)
{
	assert_refused((struct keyring_source){.public_key_file = temp_path("k256.pem")},
		       "neither RSA nor");
	assert_refused((struct keyring_source){.public_key_file = temp_path("b256.pem")},
		       "neither RSA nor");
	assert_refused((struct keyring_source){.public_key_file = temp_path("b384.pem")},
		       "neither RSA nor");
}

/* Both PEM texts of one key, one behind the other; each NULL: left out. Valid until the next call.
 */
static const char *pems(const char *first, const char *second)
{
	static char text[8192];

	snprintf(text, sizeof(text), "%s%s", first, second);
	return temp_write("pem", text, strlen(text));
}

static char *pem_of(EVP_PKEY *key, bool private)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *copy;
	long len;

	if (private)
		PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	else
		PEM_write_bio_PUBKEY(bio, key);
	len = BIO_get_mem_data(bio, &bytes);
	copy = strndup(bytes, (size_t)len);
	BIO_free(bio);
	return copy;
}

TEST(a_private_key_a_certificate_or_two_keys_are_no_public_key)
{
	char *private = pem_of(rsa2048, true), *public = pem_of(rsa2048, false),
	     *other = pem_of(p256, false);
	struct keyring_source s = {.public_key_file = pems(private, "")};

	assert_refused(s, "that is a private key");
	pems(public, private);
	assert_refused(s, "that is a private key");
	pems("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "");
	assert_refused(s, "openssl x509");
	pems(public, other);
	assert_refused(s, "2 PEM blocks");
	pems(public, public);
	assert_refused(s, "2 PEM blocks");
	pems("# made by openssl\n", public);
	assert_loaded(s, ALL_OF_RSA);
	free(private);
	free(public);
	free(other);
}

/* A point that is not on its curve: the last letters of the last line are its y. */
TEST(a_damaged_public_key_is_refused)
{
	char *public = pem_of(p256, false), *end = strstr(public, "\n-----END") - 6;
	struct keyring_source s = {.public_key_file = pems(public, "")};

	assert_loaded(s, ONLY(ES256));
	*end = *end == 'A' ? 'B' : 'A';
	pems(public, "");
	assert_refused(s, "can be read");
	free(public);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_source_is_no_key),
		cmocka_unit_test(a_secret_is_taken_as_it_is),
		cmocka_unit_test(an_empty_or_short_secret_is_refused),
		cmocka_unit_test(a_secret_is_as_long_as_the_hash),
		cmocka_unit_test(what_is_no_file_of_a_few_bytes_is_refused_at_once),
		cmocka_unit_test(a_secret_file_that_everybody_can_read_or_write_is_refused),
		cmocka_unit_test(a_public_key_that_everybody_can_write_is_refused),
		cmocka_unit_test(what_is_no_secret_is_not_taken_for_one),
		cmocka_unit_test(the_mark_is_that_of_the_same_key_in_the_same_use),
		cmocka_unit_test(line_ends_behind_a_secret_do_not_count_and_other_bytes_do),
		cmocka_unit_test(two_sources_are_refused),
		cmocka_unit_test(the_kind_of_the_key_says_what_it_is_for),
		cmocka_unit_test(an_algorithm_that_does_not_fit_the_key_is_refused),
		cmocka_unit_test(a_weak_or_unsuitable_public_key_is_refused),
		cmocka_unit_test(a_curve_of_the_same_length_is_another_curve),
		cmocka_unit_test(a_private_key_a_certificate_or_two_keys_are_no_public_key),
		cmocka_unit_test(a_damaged_public_key_is_refused),
	};

	return cmocka_run_group_tests(tests, open_files, close_files);
}
