/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain_subject.c: the subscriber. Its token is examined check by check. Claims without a token
 * are taken as they are.
 */
#include "cmd/explain.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "auth/claims.h"
#include "auth/json.h"
#include "auth/keyring.h"
#include "auth/revocations.h"
#include "auth/token.h"
#include "cmd/issuers.h"

static const char *const names[TOKEN_CHECKS] = {
	[TOKEN_FORM] = "form",       [TOKEN_SIGNATURE] = "signature",
	[TOKEN_PAYLOAD] = "payload", [TOKEN_TIMES] = "times",
	[TOKEN_ISSUER] = "issuer",   [TOKEN_AUDIENCE] = "audience",
	[TOKEN_SUBJECT] = "subject", [TOKEN_JTI] = "jti",
};

static void format_time(int64_t ms, char text[40])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(text, 40, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		strcpy(text, "a time far away");
}

static bool has_keys(const struct explain *e)
{
	return e->config->keyring->count > 0 || e->config->providers.count > 0;
}

static void say_times(struct explain *e, const char *fault)
{
	int64_t ends_ms = e->identity.ends_ms;
	char until[40];

	format_time(ends_ms, until);
	if (fault == NULL)
		report_say(&e->report, REPORT_OK, "token", names[TOKEN_TIMES],
			   "valid until %s, jwt-leeway included", until);
	else
		report_say(&e->report, REPORT_NO, "token", names[TOKEN_TIMES], "%s%s%s", fault,
			   ends_ms == 0 ? "" : "; until ", ends_ms == 0 ? "" : until);
}

/* A claim that counts only if the configuration asks for it. */
static void say_asked(struct explain *e, enum token_check check, const char *wanted)
{
	if (wanted == NULL)
		report_say(&e->report, REPORT_NOTE, "token", names[check], "not asked for");
	else
		report_say(&e->report, REPORT_OK, "token", names[check], "%s, as configured",
			   wanted);
}

static void say_good(struct explain *e, enum token_check check)
{
	struct report *r = &e->report;

	switch (check) {
	case TOKEN_FORM:
		report_say(r, REPORT_OK, "token", names[check], "three parts of base64url");
		break;
	case TOKEN_SIGNATURE:
		report_say(r, REPORT_OK, "token", names[check],
			   "good, by a key of this configuration");
		break;
	case TOKEN_ISSUER:
		say_asked(e, check,
			  e->config->jwt_issuer != NULL ? e->config->jwt_issuer
							: e->config->oidc_issuer);
		break;
	case TOKEN_AUDIENCE:
		say_asked(e, check, e->config->jwt_audience);
		break;
	case TOKEN_SUBJECT:
		report_say(r, REPORT_OK, "token", names[check], "%s", e->identity.sub);
		break;
	case TOKEN_JTI:
		report_say(r, e->identity.jti == NULL ? REPORT_NOTE : REPORT_OK, "token",
			   names[check], "%s",
			   e->identity.jti == NULL ? "it has none" : e->identity.jti);
		break;
	default:
		break; /* a payload that can be read shows in the claims */
	}
}

static void say_token(struct explain *e, const char *token)
{
	struct token_findings f;
	struct issuers issuers;

	issuers_fetch(&issuers, e->config);
	token_examine(&e->config->http.token, token, clock_wall_ms(), &f);
	issuers_release(&issuers);
	e->identity = f.identity;
	for (size_t i = 0; i < f.count; i++) {
		if (i == TOKEN_SIGNATURE && !has_keys(e))
			report_say(&e->report, REPORT_NOTE, "token", names[i],
				   "not checked: this configuration has no key of tokens");
		else if (i == TOKEN_TIMES)
			say_times(e, f.faults[i]);
		else if (f.faults[i] != NULL)
			report_say(&e->report, REPORT_NO, "token", names[i], "%s", f.faults[i]);
		else
			say_good(e, (enum token_check)i);
	}
}

/* Claims without a token. Their iat says when they were issued, for revocations. */
static void say_claims(struct explain *e, const char *text)
{
	struct json_object *claims = json_parse(text, strlen(text)), *iat;
	struct identity *id = &e->identity;

	if (!json_object_is_type(claims, json_type_object)) {
		json_object_put(claims);
		return;
	}
	*id = (struct identity){.claims = claims, .issued_ms = INT64_MIN, .ends_ms = INT64_MAX};
	id->sub = claims_subject(claims, e->config->jwt_subject);
	(void)claims_name(claims, "jti", &id->jti);
	if (json_object_object_get_ex(claims, "iat", &iat))
		id->issued_ms = json_object_get_int64(iat) * 1000;
	report_say(&e->report, REPORT_NOTE, "token", NULL, "none: claims are given, and believed");
}

static bool say_revoked(struct explain *e)
{
	PGresult *res =
		explain_query(e,
			      "SELECT herald.revocation_data(r)::text FROM herald.revocations r "
			      "WHERE r.until IS NULL OR r.until > now()",
			      0, NULL);
	const struct identity *id = &e->identity;
	struct revocations revocations;
	const char *sub;
	bool revoked;

	if (res == NULL)
		return false;
	revocations_init(&revocations);
	for (int row = 0; row < PQntuples(res); row++)
		(void)revocations_add(
			&revocations,
			(struct text){PQgetvalue(res, row, 0), (size_t)PQgetlength(res, row, 0)},
			clock_wall_ms(), &sub);
	revoked = revocations_have(&revocations, id->jti, id->sub, id->issued_ms, clock_wall_ms());
	report_say(&e->report, revoked ? REPORT_NO : REPORT_OK, "token", "revoked",
		   revoked ? "its jti or sub stands in herald.revocations" : "no");
	revocations_release(&revocations);
	PQclear(res);
	return true;
}

bool explain_subject(struct explain *e, const char *token, const char *claims)
{
	if (e->stream != NULL && e->stream->def.anonymous) {
		report_say(&e->report, REPORT_NOTE, "token", NULL,
			   "not asked for: the stream is anonymous");
		e->known = true;
		return true;
	}
	if (claims != NULL)
		say_claims(e, claims);
	else if (token != NULL)
		say_token(e, token);
	else
		report_say(&e->report, REPORT_NO, "token", NULL,
			   "there is none: give --token-file, PGHERALD_TOKEN, --token or --claims");
	e->known = e->identity.claims != NULL;
	if (!e->known)
		return true;
	json_object_object_add(e->report.head, "claims", json_object_get(e->identity.claims));
	if (!say_revoked(e))
		return false;
	report_say(&e->report, REPORT_NOTE, "claims", NULL, "%s",
		   json_object_to_json_string_ext(e->identity.claims,
						  JSON_C_TO_STRING_PLAIN |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	return true;
}
