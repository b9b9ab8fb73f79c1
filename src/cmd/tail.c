/* SPDX-License-Identifier: PostgreSQL */
/*
 * tail.c: a subscriber for the terminal. It prints what a stream sends. When the connection ends,
 * it connects again and goes on after the last event. It stops when the server refuses it.
 */
#include "cmd/cmd.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "cmd/door_url.h"

struct tail {
	CURL *curl;
	struct curl_slist *headers;
	bool json;
	char *last_id; /* NULL if it begins now */
	long retry_ms;
	struct buf line; /* not ended yet */
	struct buf name, data, id;
	struct buf refusal; /* the body of an answer that is no stream */
};

/* A frame is whole. A new connection goes on after its id. */
static void end_frame(struct tail *t)
{
	if (t->id.len > 0) {
		free(t->last_id);
		t->last_id = xstrdup(t->id.data);
	}
	if (t->data.len > 0 && t->json) {
		struct buf out;

		buf_init(&out);
		buf_append_str(&out, "{\"id\":");
		buf_append_json(&out, t->id.data, t->id.len);
		buf_append_str(&out, ",\"event\":");
		buf_append_json(&out, t->name.len > 0 ? t->name.data : "message",
				t->name.len > 0 ? t->name.len : 7);
		buf_append_str(&out, ",\"data\":");
		/* Sealed data is a text, not JSON. */
		if (strncmp(t->data.data, "Fe26.", 5) == 0)
			buf_append_json(&out, t->data.data, t->data.len);
		else
			buf_append(&out, t->data.data, t->data.len);
		printf("%s}\n", out.data);
		buf_release(&out);
	} else if (t->data.len > 0) {
		printf("%-14s %-24s %s\n", t->id.data, t->name.len > 0 ? t->name.data : "message",
		       t->data.data);
	}
	fflush(stdout);
	buf_clear(&t->name);
	buf_clear(&t->data);
	buf_clear(&t->id);
}

/* The last id is void. A new connection goes on after the next id, or begins again. */
static void forget_id(struct tail *t)
{
	free(t->last_id);
	t->last_id = NULL;
}

/* Takes one line of the stream (WHATWG HTML 9.2.6), as far as this server uses the format. */
static void take_line(struct tail *t, const char *line)
{
	if (line[0] == '\0')
		end_frame(t);
	else if (strncmp(line, "data: ", 6) == 0)
		buf_append_str(&t->data, line + 6);
	else if (strncmp(line, "event: ", 7) == 0)
		buf_append_str(&t->name, line + 7);
	else if (strncmp(line, "id: ", 4) == 0)
		buf_append_str(&t->id, line + 4);
	else if (strcmp(line, "id:") == 0)
		forget_id(t);
	else if (strncmp(line, "retry: ", 7) == 0)
		t->retry_ms = strtol(line + 7, NULL, 10);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct tail *t = ctx;
	size_t len = size * count;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		buf_append(&t->refusal, bytes, len);
		return len;
	}
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n') {
			buf_append_char(&t->line, bytes[i]);
			continue;
		}
		take_line(t, t->line.data);
		buf_clear(&t->line);
	}
	return len;
}

static void set_headers(struct tail *t, const char *token)
{
	char *bearer = xasprintf("Authorization: Bearer %s", token),
	     *last = xasprintf("Last-Event-ID: %s", t->last_id == NULL ? "" : t->last_id);

	curl_slist_free_all(t->headers);
	t->headers = curl_slist_append(NULL, "Accept: text/event-stream");
	if (token[0] != '\0')
		t->headers = curl_slist_append(t->headers, bearer);
	if (t->last_id != NULL)
		t->headers = curl_slist_append(t->headers, last);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	free(bearer);
	free(last);
}

static bool may_try_again(long status)
{
	return status == 0 || status == 200 || status == 429 || status >= 500;
}

/* Opens the stream again and again. Returns when the server refuses. */
static int follow(struct tail *t, const char *token)
{
	for (;;) {
		long status = 0;
		CURLcode code;

		buf_clear(&t->line);
		buf_clear(&t->name);
		buf_clear(&t->data);
		buf_clear(&t->id);
		buf_clear(&t->refusal);
		set_headers(t, token);
		code = curl_easy_perform(t->curl);
		curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
		if (!may_try_again(status)) {
			fprintf(stderr, "pgherald: the server answered %ld: %s\n", status,
				t->refusal.data);
			return EXIT_FAILED;
		}
		fprintf(stderr, "pgherald: the stream ended (%s), again in %ld ms\n",
			status == 200 || code == CURLE_OK ? "closed by the server"
							  : curl_easy_strerror(code),
			t->retry_ms);
		usleep((useconds_t)t->retry_ms * 1000);
	}
}

static void free_tail(struct tail *t)
{
	curl_slist_free_all(t->headers);
	curl_easy_cleanup(t->curl);
	free(t->last_id);
	buf_release(&t->line);
	buf_release(&t->name);
	buf_release(&t->data);
	buf_release(&t->id);
	buf_release(&t->refusal);
}

int cmd_tail(struct cli_call *call)
{
	const char *from = cli_value(call, "from"), *base = cli_value(call, "url"),
		   *token = getenv("PGHERALD_TOKEN");
	struct tail t = {.retry_ms = 2000, .json = cli_flag(call, "json")->count > 0};
	int result;

	if (call->word_count != 1 || call->words[0][0] != '/')
		return cli_usage("tail takes one path, such as /api/orders/stream");
	if (!cli_config(call))
		return EXIT_CONFIG;
	t.curl = curl_easy_init();
	buf_init(&t.line);
	buf_init(&t.name);
	buf_init(&t.data);
	buf_init(&t.id);
	buf_init(&t.refusal);
	t.last_id = from == NULL ? NULL : xstrdup(from);
	door_url_set_at(t.curl, base, call->config->listen, call->words[0]);
	curl_easy_setopt(t.curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t.curl, CURLOPT_WRITEDATA, &t);
	curl_easy_setopt(t.curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t.curl, CURLOPT_PROTOCOLS_STR, "http,https");
	result = follow(&t, token == NULL ? "" : token);
	free_tail(&t);
	return result;
}
