/* SPDX-License-Identifier: PostgreSQL */
#include "http/token.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "token.h"

static struct token_options options;
static struct identity identity;
static int decoded;

/* In front of the library's own: what reaches the library is counted, and must have the form of a
 * token. */
int jwt_decode(jwt_t **jwt, const char *token, const unsigned char *key, int key_len)
{
	int (*real)(jwt_t **, const char *, const unsigned char *, int);

	*(void **)&real = dlsym(RTLD_NEXT, "jwt_decode");
	assert_true(token_well_formed(token, strlen(token)));
	assert_non_null(key);
	assert_true(key_len >= TOKEN_HMAC_KEY_MIN);
	decoded++;
	return real(jwt, token, key, key_len);
}

static int reset(void **state __attribute__((unused)))
{
	options = (struct token_options){.key = (const unsigned char *)KEY,
					 .key_len = sizeof(KEY) - 1,
					 .algorithm = JWT_ALG_HS256};
	identity = (struct identity){.claims = NULL};
	decoded = 0;
	return 0;
}

/* why NULL: it must be taken, and identity is what it says. */
static void assert_token(const char *token, const char *why)
{
	const char *said = NULL;

	identity_release(&identity);
	if (token_verify(&options, token, NOW_S * 1000, &identity, &said)) {
		if (why != NULL)
			fail_msg("was taken, but '%s'", why);
		assert_non_null(identity.claims);
		return;
	}
	assert_null(identity.claims);
	if (why == NULL || strstr(said, why) == NULL)
		fail_msg("refused because %s", said);
}

static void assert_payload(const char *payload, const char *why)
{
	char *token = make_token(HS256, payload, EVP_sha256(), KEY, sizeof(KEY) - 1);

	assert_token(token, why);
	free(token);
}

TEST(three_segments_of_base64url_are_a_token)
{
	static const char *const good[] = {"a.b.c", "A-_9.B.C", "abc.def.ghi", "----.____.0000"};
	static const char *const bad[] = {
		"",	   ".",	     "..",     "a",	 "a.b",		"a.b.",
		".b.c",	   "a..c",   "..c",    "a..",	 ".b.",		"a.b.c.",
		"a.b.c.d", ".a.b.c", "a.b.c=", "a.b.c ", " a.b.c",	"a. .c",
		"a.b.c\n", "a.b+.c", "a.b/.c", "a,b,c",	 "a.b.\xc3\xa4"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(token_well_formed(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (token_well_formed(bad[i], strlen(bad[i])))
			fail_msg("'%s' was taken", bad[i]);
	assert_false(token_well_formed("a.b.c\0", 6));
	assert_false(token_well_formed("a.\0.c", 5));
}

TEST(a_token_has_a_greatest_length)
{
	char *token = malloc(TOKEN_MAX + 2);

	memset(token, 'a', TOKEN_MAX + 1);
	token[1] = token[3] = '.';
	token[TOKEN_MAX + 1] = '\0';
	assert_true(token_well_formed(token, TOKEN_MAX));
	assert_false(token_well_formed(token, TOKEN_MAX + 1));
	assert_token(token, "form");
	free(token);
}

TEST(what_has_not_the_form_never_reaches_the_library)
{
	static const char *const bad[] = {"",	 ".",	 "..",	 "a..",	 ".b.",
					  "..c", "a.b.", ".b.c", "a..c", "a.b.c.d"};
	char *token = make_token(HS256, "{\"exp\":" LATER "}", EVP_sha256(), KEY, sizeof(KEY) - 1);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_token(bad[i], "form");
	*strrchr(token, '.') = '\0';
	assert_token(token, "form");
	strcat(token, ".");
	assert_token(token, "form");
	options.key = NULL;
	assert_token("a.b.c", "no key is configured");
	assert_int_equal(decoded, 0);
	free(token);
}

TEST(a_good_token_says_who_and_until_when)
{
	options.leeway_ms = 30000;
	assert_payload("{\"sub\":\"7\",\"exp\":" LATER ",\"roles\":[\"a\"]}", NULL);
	assert_string_equal(identity.sub, "7");
	assert_true(identity.ends_ms == INT64_C(1800000130) * 1000);
	assert_payload("{\"exp\":1800000000.5}", NULL);
	assert_null(identity.sub);
	assert_true(identity.ends_ms == INT64_C(1800000030) * 1000 + 500);
	assert_int_equal(decoded, 2);
	identity_release(&identity);
}

TEST(exp_must_be_there_and_a_number_to_come)
{
	assert_payload("{}", "no exp");
	assert_payload("{\"Exp\":" LATER "}", "no exp");
	assert_payload("{\"exp\":\"" LATER "\"}", "not a number");
	assert_payload("{\"exp\":null}", "not a number");
	assert_payload("{\"exp\":true}", "not a number");
	assert_payload("{\"exp\":[" LATER "]}", "not a number");
	assert_payload("{\"exp\":-1}", "not a number");
	assert_payload("{\"exp\":-0.5}", "not a number");
	assert_payload("{\"exp\":1e300}", "not a number");
	assert_payload("{\"exp\":9223372036854775807}", "not a number");
	assert_payload("{\"exp\":100000000000001}", "not a number");
	assert_payload("{\"exp\":9223372036854775808}", "signature");
	assert_payload("{\"exp\":1e999}", "signature");
	assert_payload("{\"exp\":100000000000000}", NULL);
	assert_payload("{\"exp\":0}", "expired");
	assert_payload("{\"exp\":1799999999}", "expired");
	assert_payload("{\"exp\":1800000000}", "expired");
	assert_payload("{\"exp\":1800000001}", NULL);
	identity_release(&identity);
}

TEST(the_leeway_is_for_both_ends)
{
	options.leeway_ms = 30000;
	assert_payload("{\"exp\":1799999971}", NULL);
	assert_payload("{\"exp\":1799999970}", "expired");
	assert_payload("{\"nbf\":1800000030,\"exp\":" LATER "}", NULL);
	assert_payload("{\"nbf\":1800000031,\"exp\":" LATER "}", "not valid yet");
	options.leeway_ms = 0;
	assert_payload("{\"nbf\":1800000000,\"exp\":" LATER "}", NULL);
	assert_payload("{\"nbf\":1800000001,\"exp\":" LATER "}", "not valid yet");
	assert_payload("{\"nbf\":\"0\",\"exp\":" LATER "}", "not a number");
	assert_payload("{\"nbf\":null,\"exp\":" LATER "}", "not a number");
	options.leeway_ms = 1500;
	assert_payload("{\"exp\":1799999999}", NULL);
	assert_payload("{\"exp\":1799999998}", "expired");
	identity_release(&identity);
}

TEST(issuer_and_audience_are_required_where_they_are_configured)
{
	assert_payload("{\"exp\":" LATER ",\"iss\":\"x\",\"aud\":\"y\"}", NULL);
	options.issuer = "me";
	assert_payload("{\"exp\":" LATER "}", "issuer");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"Me\"}", "issuer");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"mee\"}", "issuer");
	assert_payload("{\"exp\":" LATER ",\"iss\":null}", "issuer");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\"}", NULL);
	options.audience = "us";
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\"}", "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":\"u\"}", "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":[]}", "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":[\"x\",5,null,[\"us\"]]}",
		       "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":{\"us\":\"us\"}}", "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":\"us\"}", NULL);
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":[\"x\",\"us\"]}", NULL);
	identity_release(&identity);
}

TEST(sub_is_a_string_or_missing)
{
	assert_payload("{\"exp\":" LATER ",\"sub\":7}", "sub");
	assert_payload("{\"exp\":" LATER ",\"sub\":null}", "sub");
	assert_payload("{\"exp\":" LATER ",\"sub\":[\"7\"]}", "sub");
	assert_payload("{\"exp\":" LATER ",\"sub\":\"7\\u00008\"}",
		       "signature"); /* a NUL would make it a 7 */
	assert_payload("{\"exp\":" LATER ",\"sub\":\"\"}", NULL);
	identity_release(&identity);
}

TEST(a_payload_must_be_one_json_object)
{
	static const char *const bad[] = {"[]",
					  "7",
					  "\"x\"",
					  "null",
					  "{\"exp\":" LATER "}x",
					  "{'exp':" LATER "}",
					  "{\"exp\":" LATER,
					  "{\"exp\":NaN}",
					  "x"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_payload(bad[i], "");
}

TEST(only_the_pinned_algorithm_is_taken)
{
	static const char payload[] = "{\"exp\":" LATER "}";
	static const struct {
		const char *header;
		const EVP_MD *(*hash)(void);
	} others[] = {{"{\"alg\":\"HS384\",\"typ\":\"JWT\"}", EVP_sha384},
		      {"{\"alg\":\"HS512\"}", EVP_sha512},
		      {"{\"alg\":\"none\"}", EVP_sha256},
		      {"{\"alg\":\"None\"}", EVP_sha256},
		      {"{\"alg\":\"\"}", EVP_sha256},
		      {"{\"typ\":\"JWT\"}", EVP_sha256},
		      {"{}", EVP_sha256},
		      {"{\"alg\":\"RS256\"}", EVP_sha256},
		      {"{\"alg\":256}", EVP_sha256},
		      {"[]", EVP_sha256},
		      {"HS256", EVP_sha256}};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		char *token = make_token(others[i].header, payload, others[i].hash(), KEY,
					 sizeof(KEY) - 1);

		assert_token(token, "signature or algorithm");
		free(token);
	}
	options.algorithm = JWT_ALG_HS384; /* that the first of them is good, but for the pin */
	assert_payload(payload, "signature or algorithm");
	{
		char *token =
			make_token(others[0].header, payload, EVP_sha384(), KEY, sizeof(KEY) - 1);

		assert_token(token, NULL);
		free(token);
	}
	identity_release(&identity);
}

TEST(a_changed_bit_or_another_key_breaks_the_signature)
{
	char *token = make_token(HS256, "{\"exp\":" LATER "}", EVP_sha256(), KEY, sizeof(KEY) - 1);
	size_t len = strlen(token);

	for (size_t i = 0; i < len; i++) {
		char kept = token[i];

		if (kept == '.')
			continue;
		token[i] = kept == 'A' ? 'B' : 'A';
		assert_token(token, "signature");
		token[i] = kept;
	}
	assert_token(token, NULL);
	token[len - 1] = '\0'; /* a cut signature */
	assert_token(token, "signature");
	free(token);
	token = make_token(HS256, "{\"exp\":" LATER "}", EVP_sha256(),
			   "0123456789abcdef0123456789abcdeF", 32);
	assert_token(token, "signature");
	free(token);
	token = make_token(HS256, "{\"exp\":" LATER "}", EVP_sha256(), "", 0);
	assert_token(token, "signature");
	free(token);
}

#define RESET(sentence) cmocka_unit_test_setup(sentence, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESET(three_segments_of_base64url_are_a_token),
		RESET(a_token_has_a_greatest_length),
		RESET(what_has_not_the_form_never_reaches_the_library),
		RESET(a_good_token_says_who_and_until_when),
		RESET(exp_must_be_there_and_a_number_to_come),
		RESET(the_leeway_is_for_both_ends),
		RESET(issuer_and_audience_are_required_where_they_are_configured),
		RESET(sub_is_a_string_or_missing),
		RESET(a_payload_must_be_one_json_object),
		RESET(only_the_pinned_algorithm_is_taken),
		RESET(a_changed_bit_or_another_key_breaks_the_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
