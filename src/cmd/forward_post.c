/* SPDX-License-Identifier: PostgreSQL */
/*
 * forward_post.c: posts one event. The signature is that of Standard Webhooks 1.0: HMAC-SHA256 over
 * "<id>.<seconds since 1970>.<body>", in the header webhook-signature as "v1,<base64>".
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "cmd/forward.h"
#include "exit.h"

#define ANSWER_S 30
#define RETRY_AFTER_MOST_S 3600
#define SECRET_PREFIX "whsec_"
#define SECRET_MIN 24 /* bytes of a key, by Standard Webhooks */
#define SECRET_MAX 512
#define SIGNATURE_MAX 64

/* --- the key --- */

/* Decodes what follows the prefix. False if it is no base64. */
static bool decode(struct forward *f, const char *text, size_t len)
{
	size_t letters = strcspn(text, "=\r\n");
	int n;

	if (len % 4 != 0 || len - letters > 2)
		return false;
	f->secret = xcalloc(1, len / 4 * 3 + 1);
	n = EVP_DecodeBlock(f->secret, (const unsigned char *)text, (int)len);
	if (n < 0)
		return false;
	f->secret_len = (size_t)n - (len - letters);
	return true;
}

static bool take_secret(struct forward *f, const char *text, size_t len)
{
	size_t prefix = sizeof(SECRET_PREFIX) - 1;

	if (len > prefix && strncmp(text, SECRET_PREFIX, prefix) == 0)
		return decode(f, text + prefix, len - prefix) && f->secret_len >= SECRET_MIN;
	f->secret = (unsigned char *)xstrndup(text, len);
	f->secret_len = len;
	return len >= SECRET_MIN;
}

bool forward_post_secret(struct forward *f, const char *path)
{
	struct file file;
	const char *why;
	bool good;

	if (!file_read(&file, path, SECRET_MAX, &why)) {
		fprintf(stderr, "pgherald: cannot read '%s': %s\n", path, why);
		return false;
	}
	why = file_exposure(&file, true);
	good = why == NULL && take_secret(f, file.bytes, strcspn(file.bytes, "\r\n"));
	if (why != NULL)
		fprintf(stderr, "pgherald: '%s': %s\n", path, why);
	else if (!good)
		fprintf(stderr,
			"pgherald: '%s' has no key of %d bytes or more, as text or "
			"as " SECRET_PREFIX " and base64\n",
			path, SECRET_MIN);
	file_release(&file);
	return good;
}

/* --- the request --- */

void forward_post_body(const struct forward *f, const struct forward_event *e, struct buf *out)
{
	buf_append_str(out, "{\"specversion\":\"1.0\",\"id\":\"");
	buf_append(out, e->id.bytes, e->id.len);
	buf_append_str(out, "\",\"source\":");
	buf_append_json(out, f->stream, strcspn(f->stream, "?"));
	buf_append_str(out, ",\"type\":\"");
	buf_append(out, e->name.bytes, e->name.len);
	buf_append_str(out, "\",\"datacontenttype\":\"application/json\",\"data\":");
	buf_append(out, e->data.bytes, e->data.len);
	buf_append_char(out, '}');
}

static void sign(const struct forward *f, const char *id, int64_t now_s, const struct buf *body,
		 char ret_signature[SIGNATURE_MAX])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_len = 0;
	struct buf text;

	buf_init(&text);
	buf_appendf(&text, "%s.%lld.", id, (long long)now_s);
	buf_append(&text, body->data, body->len);
	if (HMAC(EVP_sha256(), f->secret, (int)f->secret_len, (const unsigned char *)text.data,
		 text.len, mac, &mac_len) == NULL)
		die(EXIT_FAILED, "what is posted cannot be signed");
	EVP_EncodeBlock((unsigned char *)ret_signature, mac, (int)mac_len);
	buf_release(&text);
}

static struct curl_slist *add(struct curl_slist *headers, char *line)
{
	headers = curl_slist_append(headers, line);
	free(line);
	return headers;
}

static struct curl_slist *headers_of(const struct forward *f, const char *id,
				     const struct buf *body)
{
	int64_t now_s = clock_wall_ms() / 1000;
	char signature[SIGNATURE_MAX];
	struct curl_slist *headers = curl_slist_append(
		NULL, "Content-Type: application/cloudevents+json; charset=utf-8");

	headers = curl_slist_append(headers, "Expect:");
	headers = add(headers, xasprintf("webhook-id: %s", id));
	headers = add(headers, xasprintf("webhook-timestamp: %lld", (long long)now_s));
	if (f->secret == NULL)
		return headers;
	sign(f, id, now_s, body, signature);
	return add(headers, xasprintf("webhook-signature: v1,%s", signature));
}

static size_t forget(char *bytes, size_t size, size_t count, void *ctx)
{
	(void)bytes;
	(void)ctx;
	return size * count;
}

/* The status, or 0 if there was no answer. `why` says what came. */
static long post(struct forward *f, const char *id, const struct buf *body, struct buf *why)
{
	struct curl_slist *headers = headers_of(f, id, body);
	long status = 0;
	CURLcode code;

	curl_easy_setopt(f->posts, CURLOPT_URL, f->to);
	curl_easy_setopt(f->posts, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(f->posts, CURLOPT_POSTFIELDS, body->data);
	curl_easy_setopt(f->posts, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
	curl_easy_setopt(f->posts, CURLOPT_WRITEFUNCTION, forget);
	curl_easy_setopt(f->posts, CURLOPT_TIMEOUT, (long)ANSWER_S);
	code = curl_easy_perform(f->posts);
	curl_slist_free_all(headers);
	buf_clear(why);
	if (code == CURLE_OK)
		curl_easy_getinfo(f->posts, CURLINFO_RESPONSE_CODE, &status);
	if (status == 0)
		buf_append_str(why, curl_easy_strerror(code));
	else
		buf_appendf(why, "the receiver answered %ld", status);
	return status;
}

/* --- what comes of it --- */

/* The receiver will not take this event, however often it is asked (RFC 9110 15.5). */
static bool is_refused(long status)
{
	return status == 400 || status == 413 || status == 422;
}

/* How long the receiver wants to be left alone. 0 if it does not say. */
static int asked_pause_ms(struct forward *f)
{
	curl_off_t s = 0;

	curl_easy_getinfo(f->posts, CURLINFO_RETRY_AFTER, &s);
	return (int)(s > RETRY_AFTER_MOST_S ? RETRY_AFTER_MOST_S : s) * 1000;
}

static void wait_for_more(struct forward *f, const char *id, const char *why, int attempt)
{
	int ms = forward_pause_ms(attempt), asked_ms = asked_pause_ms(f);

	ms = asked_ms > ms ? asked_ms : ms;
	fprintf(stderr, "pgherald: %s: %s, again in %.1f s\n", id, why, ms / 1000.0);
	forward_pause(f, ms);
}

bool forward_post(struct forward *f, const char *id, const struct buf *body, struct buf *why,
		  int *ret_attempts)
{
	forward_store_look(f);
	for (int attempt = 1; !forward_stops(f); attempt++, forward_store_look(f)) {
		long status = post(f, id, body, why);

		*ret_attempts = attempt;
		if (status >= 200 && status < 300)
			return true;
		if (forward_stops(f))
			break;
		if (status == 410) {
			fprintf(stderr, "pgherald: %s: the receiver wants no more (410)\n", id);
			forward_stop(f, EXIT_FAILED);
		} else if (is_refused(status) || (f->attempts > 0 && attempt >= f->attempts)) {
			return false;
		} else {
			wait_for_more(f, id, why->data, attempt);
		}
	}
	return false;
}
