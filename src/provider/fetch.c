/* SPDX-License-Identifier: PostgreSQL */
#include "provider/fetch.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "provider/address.h"

/* A socket of libcurl that the loop watches. */
struct fetch_socket {
	struct list link; /* of fetcher.sockets, then of fetcher.closed */
	struct watch watch;
	struct fetcher *fetcher;
};

/* --- what came --- */

static int64_t seconds_of(const char *digits)
{
	long long seconds = strtoll(digits + (digits[0] == '"'), NULL, 10);

	return seconds < 0 ? 0 : seconds;
}

int64_t fetch_read_max_age(const char *cache_control)
{
	int64_t max_age = -1;

	for (const char *at = cache_control; *at != '\0';
	     at += strcspn(at, ","), at += *at == ',') {
		at += strspn(at, " \t");
		if (strncasecmp(at, "no-store", 8) == 0 || strncasecmp(at, "no-cache", 8) == 0)
			return 0;
		if (strncasecmp(at, "max-age=", 8) == 0 && max_age < 0)
			max_age = seconds_of(at + 8);
	}
	return max_age;
}

static void fail(struct fetch *f, const char *why)
{
	snprintf(f->error, sizeof(f->error), "%s", why);
}

static void note_answer(struct fetch *f)
{
	struct curl_header *header;
	long status = 0;

	curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		snprintf(f->error, sizeof(f->error), "answered %ld, not 200", status);
	f->max_age_s = -1;
	if (curl_easy_header(f->easy, "Cache-Control", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
		f->max_age_s = fetch_read_max_age(header->value);
}

/*
 * The request was sent only if there was a connection, with TLS where the URL asks for it. What
 * libcurl says of the time before the transfer is 0 without a connection up to 7.88, and is not in
 * 8.22.
 */
static void note_timeout(struct fetch *f)
{
	bool https = strncasecmp(f->url, "https:", 6) == 0;
	curl_off_t connected_us = 0;

	curl_easy_getinfo(f->easy, https ? CURLINFO_APPCONNECT_TIME_T : CURLINFO_CONNECT_TIME_T,
			  &connected_us);
	if (connected_us == 0)
		snprintf(f->error, sizeof(f->error), "took no connection within %d s",
			 FETCH_CONNECT_MS / 1000);
	else
		snprintf(f->error, sizeof(f->error), "did not answer within %d s", FETCH_MS / 1000);
}

static void note_failure(struct fetch *f, CURLcode code)
{
	if (f->error[0] != '\0') /* on_body has said it */
		return;
	if (code == CURLE_OPERATION_TIMEDOUT)
		note_timeout(f);
	else
		snprintf(f->error, sizeof(f->error), "cannot be had: %s", curl_easy_strerror(code));
}

/* Returns the URL to go on with, borrowed from libcurl. NULL if the answer is no such redirect. */
static const char *next_place(struct fetch *f)
{
	char *target = NULL;

	curl_easy_getinfo(f->easy, CURLINFO_REDIRECT_URL, &target);
	if (target == NULL)
		return NULL;
	if (!address_same_origin(f->url, target))
		fail(f, "sends to another place (a redirect to another scheme, host or port), and "
			"is not followed");
	else if (f->redirects == FETCH_REDIRECTS_MAX)
		fail(f, "sends from place to place, and is not followed any more");
	return f->error[0] == '\0' ? target : NULL;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct fetch *f = ctx;
	size_t len = size * count;

	if (f->body.len + len > FETCH_BYTES_MAX) {
		snprintf(f->error, sizeof(f->error), "is longer than %d KB", FETCH_BYTES_MAX >> 10);
		return 0;
	}
	buf_append(&f->body, bytes, len);
	return len;
}

/* --- beginning and ending --- */

static void end(struct fetch *f)
{
	if (f->easy == NULL)
		return;
	curl_multi_remove_handle(f->fetcher->multi, f->easy);
	curl_easy_cleanup(f->easy);
	f->easy = NULL;
}

static void set_bounds(CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)FETCH_MS);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)FETCH_CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* At the end of the program, a thread that still looks a name up is not waited for. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

static void begin(struct fetch *f)
{
	buf_clear(&f->body);
	f->easy = curl_easy_init();
	if (f->easy == NULL)
		die(EXIT_FAILURE, "libcurl cannot fetch: there is no memory for it");
	set_bounds(f->easy);
	curl_easy_setopt(f->easy, CURLOPT_URL, f->url);
	curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f);
	curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(f->easy, CURLOPT_USERAGENT, "pgherald/" PGHERALD_VERSION);
	if (f->fetcher->ca_file != NULL)
		curl_easy_setopt(f->easy, CURLOPT_CAINFO, f->fetcher->ca_file);
	if (strncmp(f->url, "http://", 7) == 0) /* within this machine there is no proxy */
		curl_easy_setopt(f->easy, CURLOPT_NOPROXY, "*");
	curl_multi_add_handle(f->fetcher->multi, f->easy);
}

void fetch_init(struct fetch *f, struct fetcher *fetcher, void (*done)(struct fetch *f))
{
	*f = (struct fetch){.fetcher = fetcher, .done = done};
	buf_init(&f->body);
}

void fetch_start(struct fetch *f, const char *url)
{
	end(f);
	free(f->url);
	f->url = xstrdup(url);
	f->redirects = 0;
	f->error[0] = '\0';
	begin(f);
}

bool fetch_is_on(const struct fetch *f)
{
	return f->easy != NULL;
}

void fetch_release(struct fetch *f)
{
	end(f);
	free(f->url);
	f->url = NULL;
	buf_release(&f->body);
}

static void conclude(struct fetch *f, CURLcode code)
{
	const char *next = NULL;

	if (code != CURLE_OK)
		note_failure(f, code);
	else if ((next = next_place(f)) == NULL && f->error[0] == '\0')
		note_answer(f);
	if (next == NULL) {
		end(f);
		f->done(f);
		return;
	}
	next = xstrdup(next);
	end(f);
	free(f->url);
	f->url = (char *)(uintptr_t)next;
	f->redirects++;
	begin(f);
}

/* --- the loop --- */

static void collect(struct fetcher *f)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(f->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		char *fetch = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
		conclude((struct fetch *)(void *)fetch, code);
	}
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct fetch_socket *s = container_of(w, struct fetch_socket, watch);
	int action = 0, running;

	if (events & EPOLLIN)
		action |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		action |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		action |= CURL_CSELECT_ERR;
	curl_multi_socket_action(s->fetcher->multi, w->fd, action, &running);
	collect(s->fetcher);
}

static void on_time(struct timer *t)
{
	struct fetcher *f = container_of(t, struct fetcher, timer);
	int running;

	curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(f);
}

static int on_timeout(CURLM *multi, long timeout_ms, void *ctx)
{
	struct fetcher *f = ctx;

	(void)multi;
	if (timeout_ms < 0)
		loop_stop_timer(f->loop, &f->timer);
	else
		loop_set_timer(f->loop, &f->timer, timeout_ms);
	return 0;
}

static void reap(struct fetcher *f)
{
	list_each (node, tmp, &f->closed) {
		list_remove(node);
		free(container_of(node, struct fetch_socket, link));
	}
}

static void on_reap(struct timer *t)
{
	reap(container_of(t, struct fetcher, reaper));
}

static void forget(struct fetch_socket *s)
{
	loop_unwatch(s->fetcher->loop, &s->watch);
	list_remove(&s->link);
	list_append(&s->fetcher->closed, &s->link);
	loop_set_timer(s->fetcher->loop, &s->fetcher->reaper, 0);
}

static struct fetch_socket *remember(struct fetcher *f, curl_socket_t fd)
{
	struct fetch_socket *s = xcalloc(1, sizeof(*s));

	s->fetcher = f;
	watch_init(&s->watch, on_ready);
	list_append(&f->sockets, &s->link);
	curl_multi_assign(f->multi, fd, s);
	return s;
}

/* libcurl says what it waits for on a socket. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known)
{
	struct fetch_socket *s = known;
	uint32_t events =
		(what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s != NULL)
			forget(s);
		return 0;
	}
	if (s == NULL)
		s = remember(ctx, fd);
	return loop_watch(s->fetcher->loop, &s->watch, fd, events) ? 0 : -1;
}

void fetcher_open(struct fetcher *f, struct loop *loop)
{
	*f = (struct fetcher){.loop = loop, .multi = curl_multi_init()};
	if (f->multi == NULL)
		die(EXIT_FAILURE, "libcurl cannot be set up: there is no memory for it");
	timer_init(&f->timer, on_time);
	timer_init(&f->reaper, on_reap);
	list_init(&f->sockets);
	list_init(&f->closed);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
}

void fetcher_close(struct fetcher *f)
{
	curl_multi_cleanup(f->multi);
	list_each (node, tmp, &f->sockets)
		forget(container_of(node, struct fetch_socket, link));
	loop_stop_timer(f->loop, &f->timer);
	loop_stop_timer(f->loop, &f->reaper);
	reap(f);
}
