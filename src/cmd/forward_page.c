/* SPDX-License-Identifier: PostgreSQL */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "hub/jsontext.h"
#include "cmd/door_url.h"
#include "cmd/forward.h"
#include "cmd/token_make.h"
#include "exit.h"

#define TOKEN_MS 300000

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	buf_append(ctx, bytes, size * count);
	return size * count;
}

/* --- the request --- */

/* The token of the environment, or one that is signed for the flags. NULL if there is neither. */
static char *find_token(struct forward *f)
{
	const char *given = getenv("PGHERALD_TOKEN");
	int result;
	char *token;

	if (given != NULL)
		return xstrdup(given);
	if (cli_value(f->call, "sub") == NULL)
		return NULL;
	token = token_make(f->call, TOKEN_MS, &result);
	if (token == NULL)
		forward_stop(f, result);
	return token;
}

static struct curl_slist *headers_with(char *token)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
	char *line;

	if (token == NULL)
		return headers;
	line = xasprintf("Authorization: Bearer %s", token);
	headers = curl_slist_append(headers, line);
	explicit_bzero(line, strlen(line));
	free(line);
	return headers;
}

/* A page without `after` has the cursor of now. */
static void set_url(struct forward *f, const char *after)
{
	const char *mark = strchr(f->stream, '?') == NULL ? "?" : "&";
	char *path = after == NULL ? xstrdup(f->stream)
				   : xasprintf("%s%safter=%s&wait=%d", f->stream, mark, after,
					       FORWARD_WAIT_S);

	door_url_set_at(f->pages, cli_value(f->call, "url"), f->call->config->listen, path);
	free(path);
}

/* The status, or 0 if there was no answer. Then *ret_why says why. */
static long ask(struct forward *f, const char *after, struct buf *body, const char **ret_why)
{
	char *token = find_token(f);
	struct curl_slist *headers;
	CURLcode code;
	long status = 0;

	if (forward_stops(f)) {
		free(token);
		return 0;
	}
	headers = headers_with(token);
	free(token);
	set_url(f, after);
	curl_easy_setopt(f->pages, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(f->pages, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(f->pages, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(f->pages, CURLOPT_TIMEOUT, (long)FORWARD_WAIT_S * 4);
	code = curl_easy_perform(f->pages);
	curl_slist_free_all(headers);
	if (code == CURLE_OK)
		curl_easy_getinfo(f->pages, CURLINFO_RESPONSE_CODE, &status);
	*ret_why = curl_easy_strerror(code);
	return status;
}

/* --- the answer --- */

static struct text unquoted(struct text value)
{
	return value.len < 2 || value.bytes[0] != '"'
		       ? (struct text){"", 0}
		       : (struct text){value.bytes + 1, value.len - 2};
}

/* False if it is no page, such as what a proxy says in the daemon's place. */
static bool read_members(struct forward_page *page)
{
	struct jsontext walk = jsontext_open((struct text){page->body.data, page->body.len});
	bool has_cursor = false;
	struct jsontext_member m;

	page->events = page->cursor = page->reset = (struct text){"", 0};
	while (jsontext_next(&walk, &m)) {
		if (text_is(m.name, "\"events\""))
			page->events = m.value;
		else if (text_is(m.name, "\"cursor\""))
			has_cursor = (page->cursor = unquoted(m.value)).bytes != NULL;
		else if (text_is(m.name, "\"reset\""))
			page->reset = unquoted(m.value);
	}
	return has_cursor && page->events.len >= 2 && page->events.bytes[0] == '[';
}

struct forward_event forward_page_event(struct text item)
{
	struct forward_event e = {{"", 0}, {"", 0}, {"null", 4}};
	struct jsontext walk = jsontext_open(item);
	struct jsontext_member m;

	while (jsontext_next(&walk, &m)) {
		if (text_is(m.name, "\"id\""))
			e.id = unquoted(m.value);
		else if (text_is(m.name, "\"event\""))
			e.name = unquoted(m.value);
		else if (text_is(m.name, "\"data\""))
			e.data = m.value;
	}
	return e;
}

/* These do not get better by waiting. */
static bool is_final(long status)
{
	return status >= 400 && status < 500 && status != 408 && status != 429;
}

bool forward_page_get(struct forward *f, const char *after, struct forward_page *page)
{
	const char *why = "";
	long status;

	buf_init(&page->body);
	for (int attempt = 1; !forward_stops(f); attempt++) {
		buf_clear(&page->body);
		status = ask(f, after, &page->body, &why);
		if (forward_stops(f))
			break;
		if (status == 200 && read_members(page))
			return true;
		if (is_final(status)) {
			fprintf(stderr, "pgherald: the daemon answered %ld: %s\n", status,
				page->body.data);
			forward_stop(f, EXIT_FAILED);
			break;
		}
		fprintf(stderr, "pgherald: no page of %s (%s%.0ld), asking again\n", f->stream,
			status == 0     ? why
			: status == 200 ? "what answers is not the daemon: "
					: "the daemon answered ",
			status);
		forward_pause(f, forward_pause_ms(attempt));
	}
	return false;
}
