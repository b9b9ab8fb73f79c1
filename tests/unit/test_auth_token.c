/* SPDX-License-Identifier: PostgreSQL */
#include "auth/token.h"

#include <dlfcn.h>
#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/keyring.h"

#include "token.h"

static struct keyring ring; /* lent: nobody releases it */
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
	assert_true(key_len >= 32);
	decoded++;
	return real(jwt, token, key, key_len);
}

static int reset(void **state __attribute__((unused)))
{
	ring = (struct keyring){.keys = {test_key(NULL)}, .count = 1};
	options = (struct token_options){.keys = &ring};
	identity = (struct identity){.claims = NULL};
	decoded = 0;
	return 0;
}

/* Who asks why is told the same: all is good, or what the gate says is the first fault. */
static void assert_examined(const char *token, const char *said)
{
	struct token_findings findings;
	const char *first = NULL;
	int before = decoded;

	token_examine(&options, token, NOW_S * 1000, &findings);
	decoded = before;
	for (size_t i = 0; i < findings.count && first == NULL; i++)
		first = findings.faults[i];
	assert_true((first == NULL) == (said == NULL));
	if (said == NULL)
		assert_int_equal(findings.count, TOKEN_CHECKS);
	else
		assert_string_equal(first, said);
	identity_release(&findings.identity);
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
		assert_examined(token, NULL);
		return;
	}
	assert_null(identity.claims);
	assert_examined(token, said);
	if (why == NULL || strstr(said, why) == NULL)
		fail_msg("refused because %s", said);
}

/* In an access token, which no library reads, then in an ordinary one. "signature" is what libjwt
 * says of numbers that it cannot hold. */
static void assert_payload(const char *payload, const char *why)
{
	char *access = make_token("{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", payload, EVP_sha256(),
				  KEY, sizeof(KEY) - 1);
	char *token = make_token(HS256, payload, EVP_sha256(), KEY, sizeof(KEY) - 1);

	assert_token(access, why == NULL || strcmp(why, "signature") != 0 ? why : "");
	assert_token(token, why);
	free(access);
	free(token);
}

TEST(three_segments_of_base64url_are_a_token)
{
	static const char *const good[] = {"a.b.c", "A-_9.B.C", "abc.def.ghi", "----.____.0000"};
	static const char *const bad[] = {
		"",        ".",      "..",     "a",      "a.b",         "a.b.",
		".b.c",    "a..c",   "..c",    "a..",    ".b.",         "a.b.c.",
		"a.b.c.d", ".a.b.c", "a.b.c=", "a.b.c ", " a.b.c",      "a. .c",
		"a.b.c\n", "a.b+.c", "a.b/.c", "a,b,c",  "a.b.\xc3\xa4"};

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
	assert_token(token, "longer");
	free(token);
}

TEST(what_has_not_the_form_never_reaches_the_library)
{
	static const char *const bad[] = {"",    ".",    "..",   "a..",  ".b.",
					  "..c", "a.b.", ".b.c", "a..c", "a.b.c.d"};
	char *token = make_token(HS256, "{\"exp\":" LATER "}", EVP_sha256(), KEY, sizeof(KEY) - 1);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_token(bad[i], "form");
	*strrchr(token, '.') = '\0';
	assert_token(token, "form");
	strcat(token, ".");
	assert_token(token, "form");
	ring.count = 0;
	assert_token("a.b.c", "no key is configured");
	options.keys = NULL;
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
	assert_null(identity.jti);
	assert_true(identity.issued_ms == INT64_MIN);
	assert_true(identity.key_mark == ring.keys[0].mark);
	assert_payload("{\"sub\":\"8\",\"jti\":\"x-1\",\"iat\":1799999000.25,\"exp\":1800000000.5}",
		       NULL);
	assert_string_equal(identity.sub, "8");
	assert_string_equal(identity.jti, "x-1");
	assert_true(identity.issued_ms == INT64_C(1799999000) * 1000 + 250);
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
	assert_payload("{\"sub\":\"7\",\"exp\":100000000000000}", NULL);
	assert_payload("{\"exp\":0}", "expired");
	assert_payload("{\"exp\":1799999999}", "expired");
	assert_payload("{\"exp\":1800000000}", "expired");
	assert_payload("{\"sub\":\"7\",\"exp\":1800000001}", NULL);
	identity_release(&identity);
}

TEST(the_leeway_is_for_both_ends)
{
	options.leeway_ms = 30000;
	assert_payload("{\"sub\":\"7\",\"exp\":1799999971}", NULL);
	assert_payload("{\"exp\":1799999970}", "expired");
	assert_payload("{\"sub\":\"7\",\"nbf\":1800000030,\"exp\":" LATER "}", NULL);
	assert_payload("{\"nbf\":1800000031,\"exp\":" LATER "}", "not valid yet");
	options.leeway_ms = 0;
	assert_payload("{\"sub\":\"7\",\"nbf\":1800000000,\"exp\":" LATER "}", NULL);
	assert_payload("{\"nbf\":1800000001,\"exp\":" LATER "}", "not valid yet");
	assert_payload("{\"nbf\":\"0\",\"exp\":" LATER "}", "not a number");
	assert_payload("{\"nbf\":null,\"exp\":" LATER "}", "not a number");
	assert_payload("{\"sub\":\"7\",\"iat\":1800000000,\"exp\":" LATER "}", NULL);
	assert_payload("{\"sub\":\"7\",\"iat\":1800000001,\"exp\":" LATER "}", "future");
	assert_payload("{\"iat\":\"0\",\"exp\":" LATER "}", "not a number");
	assert_payload("{\"iat\":null,\"exp\":" LATER "}", "not a number");
	options.leeway_ms = 1500;
	assert_payload("{\"sub\":\"7\",\"iat\":1800000001,\"exp\":" LATER "}", NULL);
	assert_payload("{\"sub\":\"7\",\"exp\":1799999999}", NULL);
	assert_payload("{\"exp\":1799999998}", "expired");
	identity_release(&identity);
}

TEST(issuer_and_audience_are_required_where_they_are_configured)
{
	assert_payload("{\"sub\":\"7\",\"exp\":" LATER ",\"iss\":\"x\",\"aud\":\"y\"}", NULL);
	options.issuers = (const char *const[]){"me", NULL};
	assert_payload("{\"exp\":" LATER "}", "issuer");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"Me\"}", "issuer");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"mee\"}", "issuer");
	assert_payload("{\"exp\":" LATER ",\"iss\":null}", "issuer");
	assert_payload("{\"exp\":" LATER ",\"iss\":[\"me\"]}", "issuer");
	assert_payload("{\"sub\":\"7\",\"exp\":" LATER ",\"iss\":\"me\"}", NULL);
	options.audiences = (const char *const[]){"us", NULL};
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\"}", "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":\"u\"}", "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":[]}", "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":[\"x\",5,null,[\"us\"]]}",
		       "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":[\"us\",5]}", "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":7}", "audience");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":{\"us\":\"us\"}}", "audience");
	assert_payload("{\"sub\":\"7\",\"exp\":" LATER ",\"iss\":\"me\",\"aud\":\"us\"}", NULL);
	assert_payload("{\"sub\":\"7\",\"exp\":" LATER ",\"iss\":\"me\",\"aud\":[\"x\",\"us\"]}",
		       NULL);
	identity_release(&identity);
}

/* len letters as a JSON string; valid until the next call */
static const char *letters(size_t len)
{
	static char text[300];

	assert_true(len + 3 <= sizeof(text));
	memset(text, 'x', len + 2);
	text[0] = text[len + 1] = '"';
	text[len + 2] = '\0';
	return text;
}

static void assert_name(const char *name, const char *json, const char *why)
{
	char payload[TOKEN_MAX];

	snprintf(payload, sizeof(payload), "{\"exp\":" LATER ",%s\"%s\":%s}",
		 strcmp(name, "sub") == 0 ? "" : "\"sub\":\"7\",", name, json);
	assert_payload(payload, why);
}

/* Neither has blanks trimmed, case folded or Unicode composed: what differs is another name. */
TEST(sub_and_jti_are_texts_of_1_to_255_bytes_without_control_characters)
{
	static const char *const bad[] = {"7.5",         "null",       "true",      "[\"7\"]",
					  "{}",          "\"\"",       "\"a\\nb\"", "\"a\\r\"",
					  "\"\\u001b\"", "\"\\u007f\""};
	static const char *const good[] = {"\"7\"",
					   "\" a \"",
					   "\"' OR 1=1; --\"",
					   "\"\\\"\"",
					   "\"\xc3\xa9\"",
					   "\"e\xcc\x81\"",
					   "\"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11\""};
	static const char *const names[] = {"sub", "jti"};

	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			assert_name(names[n], bad[i], names[n]);
		for (size_t i = 0; i < ARRAY_SIZE(good); i++)
			assert_name(names[n], good[i], NULL);
		assert_name(names[n], letters(255), NULL);
		assert_name(names[n], letters(256), names[n]);
		assert_name(names[n], "\"7\\u00008\"", ""); /* a NUL would make it a 7 */
	}
	assert_name("jti", "7", "jti");
	assert_payload("{\"exp\":" LATER "}", "its subject");
	assert_payload("{\"exp\":" LATER ",\"SUB\":\"7\"}", "its subject");
	identity_release(&identity);
}

TEST(sub_is_what_stands_there)
{
	assert_payload("{\"exp\":" LATER ",\"sub\":\" \\u00e9 \"}", NULL);
	assert_string_equal(identity.sub, " \xc3\xa9 ");
	assert_payload("{\"exp\":" LATER ",\"sub\":\"e\\u0301\"}", NULL);
	assert_string_equal(identity.sub, "e\xcc\x81");
	identity_release(&identity);
}

/* As PostgreSQL's ->> gives it. */
TEST(a_subject_may_be_a_whole_number)
{
	static const char *const good[] = {"7", "0", "-7", "9007199254740993",
					   "9223372036854775807"};
	static const char *const bad[] = {"7.0", "7e0", "1e3", "1.5", "true"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_name("sub", good[i], NULL);
		assert_string_equal(identity.sub, good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_name("sub", bad[i], "its subject");
	identity_release(&identity);
}

TEST(the_subject_is_the_claim_that_is_configured)
{
	options.subject = "user_id";
	assert_payload("{\"exp\":" LATER ",\"sub\":\"7\"}", "its subject");
	assert_payload("{\"exp\":" LATER ",\"sub\":\"7\",\"user_id\":8}", NULL);
	assert_string_equal(identity.sub, "8");
	options.subject = "user.id";
	assert_payload("{\"exp\":" LATER ",\"user\":{\"id\":\"9\"}}", NULL);
	assert_string_equal(identity.sub, "9");
	assert_payload("{\"exp\":" LATER ",\"user\":{\"id\":\"9\"},\"user.id\":\"10\"}", NULL);
	assert_string_equal(identity.sub, "10");
	assert_payload("{\"exp\":" LATER ",\"user\":{\"id\":[9]}}", "its subject");
	assert_payload("{\"exp\":" LATER ",\"user\":9}", "its subject");
	identity_release(&identity);
}

/* json-c 0.18 and 0.19 would refuse it, asked to be strict. */
TEST(a_name_beyond_ascii_is_a_claim_like_any_other)
{
	struct json_object *name;

	assert_payload("{\"exp\":" LATER ",\"sub\":\"7\",\"name\":\"Jo\xc3\xa3o\"}", NULL);
	assert_true(json_object_object_get_ex(identity.claims, "name", &name));
	assert_string_equal(json_object_get_string(name), "Jo\xc3\xa3o");
	assert_payload("{\"exp\":" LATER ",\"sub\":\"7\",\"name\":\"Jo\xe3o\"}", "");
	identity_release(&identity);
}

TEST(a_claim_that_is_there_twice_is_refused)
{
	static const char *const bad[] = {"{\"sub\":\"7\",\"exp\":" LATER ",\"sub\":\"8\"}",
					  "{\"sub\":\"7\",\"exp\":" LATER ",\"exp\":" LATER "}",
					  "{\"sub\":\"7\",\"exp\":" LATER ",\"s\\u0075b\":\"7\"}",
					  "{\"sub\":\"7\",\"exp\":" LATER
					  ",\"a\":[{\"b\":1,\"b\":1}]}"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_payload(bad[i], "payload");
}

TEST(a_payload_must_be_one_json_object)
{
	static const char *const bad[] = {
		"[]",
		"7",
		"\"x\"",
		"null",
		"{\"exp\":" LATER "}x",
		"{'exp':" LATER "}",
		"{\"exp\":" LATER,
		"{\"exp\":NaN}",
		"\xef\xbb\xbf{\"sub\":\"7\",\"exp\":" LATER "}",
		"{\"sub\":\"\xff\",\"exp\":" LATER "}",
		"{\"sub\":\"7\",\"exp\":" LATER ",\"n\":18446744073709551616}",
		"{\"sub\":\"7\",\"exp\":" LATER ",\"n\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}",
		"x"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_payload(bad[i], "");
}

TEST(a_changed_letter_or_another_key_breaks_the_signature)
{
	char *token = make_token(HS256, "{\"sub\":\"7\",\"exp\":" LATER "}", EVP_sha256(), KEY,
				 sizeof(KEY) - 1);
	size_t len = strlen(token);

	for (size_t i = 0; i < len; i++) {
		char kept = token[i];

		if (kept == '.')
			continue;
		token[i] = kept == 'A' ? 'B' : 'A';
		assert_token(token, "");
		token[i] = kept;
	}
	assert_token(token, NULL);
	token[len - 1] = '\0'; /* a cut signature */
	assert_token(token, "signature");
	free(token);
	token = make_token(HS256, "{\"sub\":\"7\",\"exp\":" LATER "}", EVP_sha256(),
			   "0123456789abcdef0123456789abcdeF", 32);
	assert_token(token, "signature is wrong");
	free(token);
	token = make_token(HS256, "{\"sub\":\"7\",\"exp\":" LATER "}", EVP_sha256(), "", 0);
	assert_token(token, "signature is wrong");
	free(token);
	identity_release(&identity);
}

TEST(one_of_several_issuers_and_audiences_is_enough)
{
	options.issuers = (const char *const[]){"me", "https://id.example", NULL};
	options.audiences = (const char *const[]){"us", "them", NULL};
	assert_payload("{\"sub\":\"7\",\"exp\":" LATER ",\"iss\":\"me\",\"aud\":\"them\"}", NULL);
	assert_payload("{\"sub\":\"7\",\"exp\":" LATER
		       ",\"iss\":\"https://id.example\",\"aud\":[\"x\",\"us\"]}",
		       NULL);
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me,https://id.example\",\"aud\":\"us\"}",
		       "issuer");
	assert_payload("{\"exp\":" LATER ",\"iss\":\"me\",\"aud\":[\"x\",\"y\"]}", "audience");
}

#define RESET(sentence) cmocka_unit_test_setup(sentence, reset)

TEST(who_asks_why_is_told_of_each_check_whatever_the_others_say)
{
	struct token_findings f;
	char *token = make_token(HS256, "{\"sub\":\"u\",\"jti\":\"\",\"exp\":1,\"iss\":\"b\"}",
				 EVP_sha256(), "another key than that of the test", 32);

	options.issuers = (const char *const[]){"a", NULL};
	token_examine(&options, token, NOW_S * 1000, &f);
	assert_int_equal(f.count, TOKEN_CHECKS);
	assert_null(f.faults[TOKEN_FORM]);
	assert_string_equal(f.faults[TOKEN_SIGNATURE], "its signature is wrong");
	assert_null(f.faults[TOKEN_PAYLOAD]);
	assert_string_equal(f.faults[TOKEN_TIMES], "it has expired");
	assert_non_null(f.faults[TOKEN_ISSUER]);
	assert_null(f.faults[TOKEN_AUDIENCE]);
	assert_null(f.faults[TOKEN_SUBJECT]);
	assert_non_null(f.faults[TOKEN_JTI]);
	assert_string_equal(f.identity.sub, "u");
	assert_null(f.identity.jti);
	identity_release(&f.identity);
	free(token);
}

TEST(checks_end_behind_what_cannot_be_read)
{
	struct token_findings f;
	char *token = make_token(HS256, "[1]", EVP_sha256(), KEY, sizeof(KEY) - 1);

	token_examine(&options, "a.b", NOW_S * 1000, &f);
	assert_int_equal(f.count, 1);
	assert_non_null(f.faults[TOKEN_FORM]);
	token_examine(&options, token, NOW_S * 1000, &f);
	assert_int_equal(f.count, TOKEN_PAYLOAD + 1);
	assert_null(f.faults[TOKEN_SIGNATURE]);
	assert_non_null(f.faults[TOKEN_PAYLOAD]);
	assert_null(f.identity.claims);
	free(token);
}

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
		RESET(sub_and_jti_are_texts_of_1_to_255_bytes_without_control_characters),
		RESET(sub_is_what_stands_there),
		RESET(a_subject_may_be_a_whole_number),
		RESET(the_subject_is_the_claim_that_is_configured),
		RESET(a_name_beyond_ascii_is_a_claim_like_any_other),
		RESET(a_claim_that_is_there_twice_is_refused),
		RESET(one_of_several_issuers_and_audiences_is_enough),
		RESET(a_payload_must_be_one_json_object),
		RESET(a_changed_letter_or_another_key_breaks_the_signature),
		RESET(who_asks_why_is_told_of_each_check_whatever_the_others_say),
		RESET(checks_end_behind_what_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
