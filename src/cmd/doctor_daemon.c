/* SPDX-License-Identifier: PostgreSQL */
/*
 * doctor_daemon.c: does a daemon answer at the addresses of this configuration, and is it this
 * program?
 */
#include "cmd/doctor.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "auth/json.h"
#include "cmd/door_url.h"

#define ANSWER_MAX 4096

struct answer {
	CURLcode code;
	long status; /* 0 if none came */
	struct buf body;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct buf *body = ctx;

	if (body->len + size * count > ANSWER_MAX)
		return 0;
	buf_append(body, bytes, size * count);
	return size * count;
}

/* Asks the daemon itself, whatever proxy the environment names. The caller releases the body. */
static struct answer get(const struct doctor *d, const char *address, const char *path)
{
	struct answer a = {.status = 0};
	int64_t left = d->end_ms - clock_mono_ms();
	CURL *curl = curl_easy_init();

	buf_init(&a.body);
	door_url_set(curl, address, path);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
			 (long)(left < 1            ? 1
				: left < BOUNDED_MS ? left
						    : BOUNDED_MS));
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a.body);
	a.code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a.status);
	curl_easy_cleanup(curl);
	return a;
}

/*
 * If no daemon answers, it may not have been started yet, or may run on another machine. That is no
 * fault. A daemon that hangs is one.
 */
static void say_silence(struct doctor *d, const char *check, const char *address, CURLcode code)
{
	if (code == CURLE_COULDNT_CONNECT)
		doctor_say(d, REPORT_WARNING, check, "pgherald serve, with this configuration",
			   "nothing answers on %s", address);
	else
		doctor_say(d, REPORT_NO, check,
			   "it opens its door when it has read the streams: mend the database "
			   "first, then read its log",
			   "%s takes connections, but does not answer: %s", address,
			   curl_easy_strerror(code));
}

static const char *member(struct json_object *status, const char *name)
{
	struct json_object *value = json_object_object_get(status, name);

	return value == NULL ? "" : json_object_get_string(value);
}

static void judge_status(struct doctor *d, struct json_object *status)
{
	const char *address = d->config->listen, *word = member(status, "status"),
		   *version = member(status, "version");

	if (strcmp(version, PGHERALD_VERSION) != 0)
		doctor_say(d, REPORT_WARNING, "daemon", "restart it",
			   "version %s runs on %s, this program is %s", version, address,
			   PGHERALD_VERSION);
	else if (strcmp(word, "ok") == 0)
		doctor_say(d, REPORT_OK, "daemon", NULL,
			   "answers on %s: version %s, %s streams open, at event %s", address,
			   version, member(status, "streams"), member(status, "head"));
	else if (strcmp(word, "draining") == 0)
		doctor_say(d, REPORT_WARNING, "daemon", "pgherald serve, when it has ended",
			   "the one on %s is about to end", address);
	else
		doctor_say(d, REPORT_NO, "daemon",
			   "can it reach the database? Its log says why not",
			   "the one on %s cannot follow the log, since %s ms", address,
			   member(status, "lag_ms"));
}

static void look_at_status(struct doctor *d)
{
	struct answer a = get(d, d->config->listen, "/stream/status");
	struct json_object *status = a.status == 200 ? json_parse(a.body.data, a.body.len) : NULL;

	if (a.status == 0)
		say_silence(d, "daemon", d->config->listen, a.code);
	else if (!json_object_is_type(status, json_type_object) ||
		 member(status, "version")[0] == '\0')
		doctor_say(d, REPORT_NO, "daemon",
			   "give serve another listen address, or end the other program",
			   "what answers on %s is no pgherald: status %ld", d->config->listen,
			   a.status);
	else
		judge_status(d, status);
	json_object_put(status);
	buf_release(&a.body);
}

static void look_at_readiness(struct doctor *d)
{
	const char *address = d->config->admin_listen;
	struct answer a;

	if (address == NULL) {
		doctor_say(d, REPORT_NOTE, "readiness", NULL, "admin-listen is off");
		return;
	}
	a = get(d, address, "/readyz");
	if (a.status == 0)
		say_silence(d, "readiness", address, a.code);
	else if (a.status == 200)
		doctor_say(d, REPORT_OK, "readiness", NULL, "%s says that it is ready", address);
	else
		doctor_say(d, REPORT_NO, "readiness", "the daemon's log says why",
			   "%s says that it is not ready: status %ld", address, a.status);
	buf_release(&a.body);
}

void doctor_daemon(struct doctor *d)
{
	look_at_status(d);
	look_at_readiness(d);
}
