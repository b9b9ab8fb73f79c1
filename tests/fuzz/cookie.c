/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a token is looked for: "name: value" a line, handed over as the HTTP library would (its
 * three functions are played here, so that any bytes can come), a parameter as "?name=value". What
 * is found is exactly what another reading of the headers finds.
 */
#include "http/request.h"

#include <microhttpd.h>
#include <strings.h>

#include "fuzz.h"

#define HEADERS_MAX 20

static struct header {
	char *name, *value;
} headers[HEADERS_MAX];
static int header_count;

/* --- the library's part --- */

int MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind,
			      MHD_KeyValueIterator iterator, void *ctx)
{
	int i = 0;

	(void)connection;
	while (i < header_count &&
	       iterator(ctx, kind, headers[i].name, headers[i].value) == MHD_YES)
		i++;
	return i;
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
					const char *name)
{
	(void)connection, (void)kind;
	for (int i = 0; i < header_count; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return headers[i].value;
	return NULL;
}

static void take_headers(struct input *in, struct params *params)
{
	for (header_count = 0; in->at < in->end && header_count < HEADERS_MAX;) {
		char *name = input_line(in), *colon = strchr(name, name[0] == '?' ? '=' : ':');
		char *value = colon == NULL ? NULL : colon + 1 + strspn(colon + 1, " ");

		if (colon != NULL)
			*colon = '\0';
		headers[header_count++] = (struct header){name, value};
		if (name[0] == '?' && value != NULL && params->count < PARAMS_MAX)
			params->items[params->count++] = (struct param){
				{name + 1, strlen(name + 1)}, {value, strlen(value)}};
	}
}

/* --- the other reading --- */

/* The value of the first pair of that name, blanks and then quotes around it left out; NULL: none.
 */
static char *cookie_of(const char *header)
{
	char *copy = xstrdup(header), *rest = copy, *pair, *found = NULL;

	while (found == NULL && (pair = strsep(&rest, ";")) != NULL) {
		size_t len;

		pair += strspn(pair, " \t");
		if (strncmp(pair, "jwt=", 4) != 0)
			continue;
		pair += 4;
		for (len = strlen(pair); len > 0 && (pair[len - 1] == ' ' || pair[len - 1] == '\t');
		     len--)
			;
		if (len > 1 && pair[0] == '"' && pair[len - 1] == '"')
			found = xstrndup(pair + 1, len - 2);
		else
			found = xstrndup(pair, len);
	}
	free(copy);
	return found;
}

static char *expected_cookie(void)
{
	char *found = NULL;

	for (int i = 0; i < header_count && found == NULL; i++)
		if (strcasecmp(headers[i].name, "cookie") == 0 && headers[i].value != NULL)
			found = cookie_of(headers[i].value);
	if (found != NULL && found[0] == '\0') {
		free(found);
		found = NULL;
	}
	return found;
}

static void check(enum token_source source, const char *expected, const struct params *params)
{
	struct http_options options = {.cookie = "jwt",
				       .sources = {source, TOKEN_NOWHERE, TOKEN_NOWHERE}};
	struct request r = {.path = "/"};
	char *token = request_token(&r, params, &options);

	MUST((token == NULL) == (expected == NULL));
	MUST(token == NULL || strcmp(token, expected) == 0);
	free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct params params = {.count = 0};
	const struct text *param;
	const char *bearer;
	char *cookie;

	take_headers(&in, &params);
	cookie = expected_cookie();
	check(TOKEN_COOKIE, cookie, &params);
	free(cookie);
	bearer = MHD_lookup_connection_value(NULL, MHD_HEADER_KIND, "authorization");
	check(TOKEN_HEADER,
	      bearer != NULL && strncasecmp(bearer, "bearer ", 7) == 0 ? bearer + 7 : NULL,
	      &params);
	param = params_find(&params, "token");
	check(TOKEN_QUERY, param == NULL || param->len == 0 ? NULL : param->bytes, &params);
	for (int i = 0; i < header_count; i++)
		free(headers[i].name);
	return 0;
}
