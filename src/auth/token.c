/* SPDX-License-Identifier: PostgreSQL */
#include "auth/token.h"

#include <string.h>

#include "base/base64.h"
#include "base/xalloc.h"
#include "auth/claims.h"
#include "auth/json.h"
#include "auth/keyring.h"
#include "auth/signature.h"
#include "auth/token_header.h"
#include "auth/verified.h"

const char token_lacks_key[] = "no configured key is for its alg and kid";

/* Two of the three segments of a well-formed token. */
struct segments {
	const char *header, *payload;
	size_t header_len, payload_len;
};

bool token_well_formed(const char *token, size_t len)
{
	int dots = 0;
	size_t segment = 0;

	if (len > TOKEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (base64url_digit(token[i]) >= 0) {
			segment++;
			continue;
		}
		if (token[i] != '.' || segment == 0 || ++dots > 2)
			return false;
		segment = 0;
	}
	return dots == 2 && segment > 0;
}

static struct segments cut(const char *token)
{
	const char *first = strchr(token, '.'), *second = strchr(first + 1, '.');

	return (struct segments){token, first + 1, (size_t)(first - token),
				 (size_t)(second - first - 1)};
}

/* The JSON of a segment, read strictly. NULL if it is no JSON. */
static struct json_object *segment_json(const char *segment, size_t len)
{
	unsigned char bytes[BASE64_ROOM(TOKEN_MAX)];
	size_t bytes_len;

	return base64url_decode(segment, len, bytes, &bytes_len)
		       ? json_parse((char *)bytes, bytes_len)
		       : NULL;
}

/* --- the signature --- */

/* With a secret, verifying again is quicker than remembering. */
static bool is_signed_with(struct verified *verified, const struct signature *s,
			   const struct key *key)
{
	unsigned char digest[DIGEST_BYTES];

	if (verified == NULL || key_is_secret(key) ||
	    !digest_of(s->token, strlen(s->token), digest))
		return signature_is_by(s, key);
	if (verified_has(verified, digest, key->mark))
		return true;
	if (!signature_is_by(s, key))
		return false;
	verified_add(verified, digest, key->mark);
	return true;
}

/*
 * The key that has signed the token. NULL if none that header and issuer may choose has signed it.
 */
static const struct key *find_signer(const struct token_options *options, struct json_object *json,
				     const char *issuer, struct signature *s, const char **ret_why)
{
	struct keyring_at at = {.ring = NULL};
	struct token_header header;
	const struct key *key;

	if (!token_header_read(json, &header, ret_why))
		return NULL;
	s->algorithm = header.algorithm;
	s->access = header.access;
	*ret_why = token_lacks_key;
	while ((key = keyring_next(options->keys, issuer, header.algorithm, header.kid, &at)) !=
	       NULL) {
		*ret_why = "its signature is wrong";
		if (is_signed_with(options->verified, s, key))
			break;
	}
	return key;
}

/* `claims` are not verified yet. They only choose among the keys. */
static bool verify_signature(const struct token_options *options, const char *token,
			     const struct segments *segments, struct json_object *claims,
			     uint64_t *ret_mark, const char **ret_why)
{
	struct signature s;
	struct json_object *header;
	const struct key *signer = NULL;

	*ret_why = "its signature is too long, or not base64url";
	if (!signature_read(&s, token))
		return false;
	*ret_why = "its header is not a JSON object";
	header = segment_json(segments->header, segments->header_len);
	if (json_object_is_type(header, json_type_object))
		signer = find_signer(options, header, claims_text(claims, "iss"), &s, ret_why);
	json_object_put(header);
	if (signer != NULL)
		*ret_mark = signer->mark;
	return signer != NULL;
}

/* --- the claims --- */

static bool check_times(const struct token_options *options, struct identity *id, int64_t now_ms,
			const char **ret_why)
{
	int64_t leeway = options->leeway_ms, exp = 0, nbf = 0, iat = 0;
	bool has_exp, has_nbf, has_iat;

	*ret_why = "its exp, nbf or iat is not a number";
	if (!claims_time(id->claims, "exp", &exp, &has_exp) ||
	    !claims_time(id->claims, "nbf", &nbf, &has_nbf) ||
	    !claims_time(id->claims, "iat", &iat, &has_iat))
		return false;
	*ret_why = "it has no exp";
	if (!has_exp)
		return false;
	id->ends_ms = exp + leeway;
	id->issued_ms = has_iat ? iat : INT64_MIN;
	*ret_why = "it has expired";
	if (id->ends_ms <= now_ms)
		return false;
	*ret_why = "it is not valid yet, or issued in the future: do the clocks differ?";
	return (!has_nbf || nbf - leeway <= now_ms) && (!has_iat || iat - leeway <= now_ms);
}

static bool check_payload(const struct token_options *options, struct identity *id, int64_t now_ms,
			  const char **ret_why)
{
	(void)options, (void)now_ms;
	*ret_why = "its payload is not a JSON object, each name in it once";
	return json_object_is_type(id->claims, json_type_object);
}

/* Does the claim fit one of these? True if there are none. */
static bool is_any(const char *const *wanted,
		   bool (*fits)(struct json_object *, const char *, const char *),
		   struct json_object *claims, const char *name)
{
	if (wanted == NULL)
		return true;
	for (; *wanted != NULL; wanted++)
		if (fits(claims, name, *wanted))
			return true;
	return false;
}

static bool check_issuer(const struct token_options *options, struct identity *id, int64_t now_ms,
			 const char **ret_why)
{
	(void)now_ms;
	*ret_why = "its issuer is not a configured one";
	return keyring_binds(options->keys, claims_text(id->claims, "iss")) ||
	       is_any(options->issuers, claims_is, id->claims, "iss");
}

static bool check_audience(const struct token_options *options, struct identity *id, int64_t now_ms,
			   const char **ret_why)
{
	(void)now_ms;
	*ret_why = "its audience is not a configured one";
	return is_any(options->audiences, claims_has, id->claims, "aud");
}

static bool check_subject(const struct token_options *options, struct identity *id, int64_t now_ms,
			  const char **ret_why)
{
	(void)now_ms;
	*ret_why = "its subject (jwt-subject) is missing, or is neither a whole number nor a text "
		   "of 1 to 255 bytes without control characters";
	id->sub = claims_subject(id->claims, options->subject);
	return id->sub != NULL;
}

static bool check_jti(const struct token_options *options, struct identity *id, int64_t now_ms,
		      const char **ret_why)
{
	(void)options, (void)now_ms;
	*ret_why = "its jti is not a text of 1 to 255 bytes without control characters";
	return claims_name(id->claims, "jti", &id->jti);
}

/* In the order of enum token_check, from TOKEN_PAYLOAD on. */
static bool (*const claim_checks[])(const struct token_options *, struct identity *, int64_t,
				    const char **) = {
	check_payload, check_times, check_issuer, check_audience, check_subject, check_jti,
};

static bool check_claims(const struct token_options *options, struct identity *id, int64_t now_ms,
			 const char **ret_why)
{
	for (size_t i = 0; i < ARRAY_SIZE(claim_checks); i++)
		if (!claim_checks[i](options, id, now_ms, ret_why))
			return false;
	return true;
}

static bool has_form(const char *token, const char **ret_why)
{
	size_t len = strlen(token);

	*ret_why = len > TOKEN_MAX ? "it is longer than 16 KB" : "it has not the form of a token";
	return token_well_formed(token, len);
}

static bool is_signed(const struct token_options *options, const char *token,
		      const struct segments *s, struct json_object *claims, uint64_t *ret_mark,
		      const char **ret_why)
{
	*ret_why = "no key is configured";
	return !keyring_is_none(options->keys) &&
	       verify_signature(options, token, s, claims, ret_mark, ret_why);
}

char *token_issuer(const char *token)
{
	struct json_object *claims;
	const char *issuer, *why;
	struct segments s;
	char *copy;

	if (!has_form(token, &why))
		return NULL;
	s = cut(token);
	claims = segment_json(s.payload, s.payload_len);
	issuer = claims_text(claims, "iss");
	copy = issuer == NULL ? NULL : xstrdup(issuer);
	json_object_put(claims);
	return copy;
}

bool token_verify(const struct token_options *options, const char *token, int64_t now_ms,
		  struct identity *ret_identity, const char **ret_why)
{
	struct identity id = {.claims = NULL};
	struct segments s;

	if (!has_form(token, ret_why))
		return false;
	s = cut(token);
	id.claims = segment_json(s.payload, s.payload_len);
	if (!is_signed(options, token, &s, id.claims, &id.key_mark, ret_why) ||
	    !check_claims(options, &id, now_ms, ret_why)) {
		identity_release(&id);
		return false;
	}
	*ret_identity = id;
	return true;
}

static void examine_claims(const struct token_options *options, int64_t now_ms,
			   struct token_findings *f)
{
	struct identity *id = &f->identity;
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(claim_checks); i++) {
		f->faults[f->count++] = claim_checks[i](options, id, now_ms, &why) ? NULL : why;
		if (f->faults[TOKEN_PAYLOAD] != NULL) {
			json_object_put(id->claims);
			id->claims = NULL;
			return;
		}
	}
}

void token_examine(const struct token_options *options, const char *token, int64_t now_ms,
		   struct token_findings *ret_findings)
{
	struct token_findings *f = ret_findings;
	struct segments s;
	const char *why;

	*f = (struct token_findings){.count = 1, .identity = {.issued_ms = INT64_MIN}};
	if (!has_form(token, &why)) {
		f->faults[TOKEN_FORM] = why;
		return;
	}
	s = cut(token);
	f->identity.claims = segment_json(s.payload, s.payload_len);
	f->faults[f->count++] =
		is_signed(options, token, &s, f->identity.claims, &f->identity.key_mark, &why)
			? NULL
			: why;
	examine_claims(options, now_ms, f);
}
