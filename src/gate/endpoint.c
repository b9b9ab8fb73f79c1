/* SPDX-License-Identifier: PostgreSQL */
#include "gate/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "auth/token.h"
#include "http/reply.h"
#include "outlet/outlets.h"

bool endpoint_refuse(struct gate *gate, const struct request *r, const struct refusal *refusal)
{
	refusal_stats_count(&gate->refusals, refusal->status);
	return reply_error(r, gate->options, refusal->status, refusal->sentence, refusal->header,
			   refusal->value);
}

void endpoint_log_page(struct gate *gate, const struct request *r)
{
	refusal_stats_log(&gate->refusals, "[STREAM] refused: a page of '%s' may not ask for '%s'",
			  r->origin == NULL ? "another site" : r->origin, r->path);
}

/* Any page may ask for what only reads, because it cannot see the answer. */
static bool is_from_own_page(struct gate *gate, const struct request *r)
{
	if (strcmp(r->method, "GET") == 0 || request_from_own_page(r, gate->options))
		return true;
	endpoint_log_page(gate, r);
	return false;
}

void endpoint_forget_token(char *token)
{
	if (token != NULL)
		explicit_bzero(token, strlen(token));
	free(token);
}

/* Is the key of this token on its way? */
static bool may_get_key(struct gate *gate, const char *token)
{
	char *issuer;
	bool asked;

	if (gate->key_source.ask == NULL)
		return false;
	issuer = token_issuer(token);
	asked = gate->key_source.ask(gate->key_source.ctx, issuer);
	free(issuer);
	return asked;
}

enum endpoint_token endpoint_verify(struct gate *gate, const char *token, const char *path,
				    const char *address, struct identity *ret_id)
{
	const char *why = "there is none";

	if (token != NULL &&
	    token_verify(&gate->options->token, token, clock_wall_ms(), ret_id, &why))
		return ENDPOINT_TOKEN_GOOD;
	if (why == token_lacks_key && may_get_key(gate, token))
		return ENDPOINT_TOKEN_WAITS;
	refusal_stats_log(&gate->refusals,
			  "[STREAM] refused: token of a request for '%s' from %s: %s", path,
			  address, why);
	return ENDPOINT_TOKEN_BAD;
}

/* The answer if it is not good. */
static bool is_good(enum endpoint_token result, bool had_one, struct refusal *ret_refusal)
{
	if (result == ENDPOINT_TOKEN_WAITS)
		refusal_for_now(ret_refusal);
	else
		refusal_of_token(ret_refusal, had_one);
	return result == ENDPOINT_TOKEN_GOOD;
}

bool endpoint_read_token(struct gate *gate, const struct request *r, const struct params *query,
			 const char *path, struct identity *ret_id, char **ret_waits,
			 struct refusal *ret_refusal)
{
	char *token = request_token(r, query, gate->options);
	enum endpoint_token result = endpoint_verify(gate, token, path, r->address, ret_id);
	bool good = is_good(result, token != NULL, ret_refusal);

	if (result == ENDPOINT_TOKEN_WAITS && ret_waits != NULL)
		*ret_waits = token;
	else
		endpoint_forget_token(token);
	return good;
}

static bool is_standing(struct gate *gate, struct identity *id)
{
	if (outlets_accept(gate->outlets, identity_standing(id)))
		return true;
	refusal_stats_log(&gate->refusals, "[STREAM] refused: a token of '%s' that was revoked",
			  id->sub);
	return false;
}

bool endpoint_accept(struct gate *gate, const struct request *r, const char *token,
		     struct identity *ret_id, struct refusal *ret_refusal)
{
	enum endpoint_token result = endpoint_verify(gate, token, r->path, r->address, ret_id);

	return is_good(result, token != NULL, ret_refusal) && is_standing(gate, ret_id);
}

bool endpoint_identify(struct gate *gate, const struct request *r, const struct params *query,
		       struct identity *ret_id, struct refusal *ret_refusal)
{
	if (!is_from_own_page(gate, r)) {
		refusal_of_page(ret_refusal);
		return false;
	}
	return endpoint_read_token(gate, r, query, r->path, ret_id, NULL, ret_refusal) &&
	       is_standing(gate, ret_id);
}

/*
 * Tokens are read from cookie and header only. A token in the URL is a leak if the request could
 * have sent a header.
 */
bool endpoint_post(struct gate *gate, const struct request *r, endpoint_fn *go_on)
{
	static const struct params no_query = {.count = 0};
	struct identity id = {.claims = NULL};
	struct refusal refusal;
	bool taken = false;

	if (strcmp(r->method, "OPTIONS") == 0)
		return reply_preflight(r, gate->options, "POST");
	if (strcmp(r->method, "POST") != 0)
		refusal_of_method(&refusal, "Ask with POST", "POST, OPTIONS");
	else
		taken = endpoint_identify(gate, r, &no_query, &id, &refusal) &&
			go_on(gate, r, &id, &refusal);
	identity_release(&id);
	return !taken && endpoint_refuse(gate, r, &refusal);
}
