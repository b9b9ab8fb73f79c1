/* SPDX-License-Identifier: PostgreSQL */
/* forward.c: the command. It posts the events of a stream to another server. */
#include "cmd/forward.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/chance.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "cmd/open.h"
#include "hub/jsontext.h"

#define ENDS_MS 5000
#define PAUSE_MS 1000
#define PAUSE_MOST_MS 60000
#define ATTEMPTS 20

/* --- how it stops --- */

static volatile sig_atomic_t signalled;

static void on_signal(int signo)
{
	signalled = signo;
}

/* The second signal ends the program as if it were not caught. */
static void take_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
}

bool forward_ends(const struct forward *f)
{
	return signalled != 0 || f->result >= 0;
}

bool forward_stops(const struct forward *f)
{
	return f->lost || forward_ends(f);
}

void forward_stop(struct forward *f, int result)
{
	f->result = result;
}

void forward_pause(const struct forward *f, int ms)
{
	static const struct timespec slice = {.tv_nsec = 50000000};

	for (; ms > 0 && !forward_ends(f); ms -= 50)
		(void)nanosleep(&slice, NULL);
}

int forward_pause_ms(int attempt)
{
	int ms = attempt > 6 ? PAUSE_MOST_MS : PAUSE_MS << (attempt - 1);

	return ms < PAUSE_MOST_MS ? ms + chance_up_to(ms / 5) : PAUSE_MOST_MS;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return forward_stops(ctx) ? 1 : 0;
}

/* What is being posted when a signal comes has a moment, or it would be posted twice. */
static int on_post_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct forward *f = ctx;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	if (f->lost || !forward_ends(f))
		return f->lost ? 1 : 0;
	if (f->ends_ms == 0)
		f->ends_ms = clock_mono_ms() + ENDS_MS;
	return clock_mono_ms() >= f->ends_ms ? 1 : 0;
}

static CURL *new_curl(struct forward *f, curl_xferinfo_callback progress)
{
	CURL *curl = curl_easy_init();

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, f);
	return curl;
}

/* --- the way of an event --- */

/* True if it is dealt with: taken, or put aside. False if the command stops before that. */
static bool post_event(struct forward *f, const struct forward_event *e)
{
	char *id = xstrndup(e->id.bytes, e->id.len);
	struct buf body, why;
	int attempts;
	bool taken;

	buf_init(&body);
	buf_init(&why);
	forward_post_body(f, e, &body);
	taken = forward_post(f, id, &body, &why, &attempts);
	if (taken)
		f->count++;
	else if (!forward_stops(f))
		taken = forward_store_put_aside(f, id, &body, why.data, attempts);
	buf_release(&why);
	buf_release(&body);
	free(id);
	return taken;
}

/* Something was missed, or the state begins anew. The receiver has to know. */
static bool post_reset(struct forward *f, const struct forward_page *page)
{
	char *id = xasprintf("%.*s-reset", (int)page->cursor.len, page->cursor.bytes),
	     *data = xasprintf("{\"reason\":\"%.*s\"}", (int)page->reset.len, page->reset.bytes);
	struct forward_event e = {text_of(id), text_of("reset"), text_of(data)};
	bool dealt = post_event(f, &e);

	free(data);
	free(id);
	return dealt;
}

/* An event of a state has no id. Its place in the page is one. */
static bool post_nameless(struct forward *f, const struct forward_page *page,
			  struct forward_event e, int n)
{
	char *id = xasprintf("%.*s-state-%d", (int)page->cursor.len, page->cursor.bytes, n);
	bool dealt;

	e.id = text_of(id);
	dealt = post_event(f, &e);
	free(id);
	return dealt;
}

/*
 * The cursor follows after so many events, at the end of the page, and where the command stops. The
 * state that a page may begin with has no cursor before its end.
 */
static void post_page(struct forward *f, const struct forward_page *page)
{
	struct jsontext walk = jsontext_open_array(page->events);
	struct text item, done = {"", 0};
	bool goes_on = page->reset.len == 0 || post_reset(f, page);

	for (int n = 1; goes_on && jsontext_next_item(&walk, &item); n++) {
		struct forward_event e = forward_page_event(item);

		goes_on = e.id.len > 0 ? post_event(f, &e) : post_nameless(f, page, e, n);
		if (goes_on && e.id.len > 0)
			done = e.id;
		if (goes_on && done.len > 0 && n % FORWARD_SAVE_EVERY == 0)
			forward_store_move(f, done);
		goes_on = goes_on && !forward_stops(f);
	}
	if (goes_on)
		done = page->cursor;
	if (done.len > 0 && !f->lost)
		forward_store_move(f, done);
}

static bool post_once(struct forward *f, const char *id, const struct buf *body)
{
	struct buf why;
	int attempts;
	bool taken;

	buf_init(&why);
	taken = forward_post(f, id, body, &why, &attempts);
	if (!taken && !forward_stops(f))
		fprintf(stderr, "pgherald: %s stays put aside: %s\n", id, why.data);
	buf_release(&why);
	return taken;
}

/* Pages until the session is lost, or the command stops. */
static void follow(struct forward *f, const char *from)
{
	struct forward_page page;

	fprintf(stderr, "pgherald: forwarding %s as '%s', %s%s\n", f->stream, f->name,
		f->cursor == NULL ? "from " : "after ",
		f->cursor != NULL ? f->cursor
		: from == NULL    ? "now on"
				  : from);
	while (!forward_stops(f)) {
		if (forward_page_get(f, f->cursor == NULL ? from : f->cursor, &page)) {
			post_page(f, &page);
			if (page.cursor.len == 0) /* the daemon knows none yet */
				forward_pause(f, PAUSE_MS);
		}
		buf_release(&page.body);
	}
}

static void go(struct forward *f, const char *from)
{
	bool again = cli_flag(f->call, "again")->count > 0;

	while (forward_store_begin(f)) {
		if (again)
			forward_store_again(f, post_once);
		again = again && f->lost;
		follow(f, from);
	}
}

/* --- the command line --- */

static bool is_url(const char *text)
{
	return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

/*
 * Path and host, and a fingerprint of the URL. Its user, its path and its query may be secrets, and
 * tell receivers apart.
 */
static char *name_of(const char *stream, const char *to)
{
	static const struct hash_key everywhere_the_same = {0, 0};
	const char *host = strstr(to, "://") + 3, *end = host + strcspn(host, "/?#");

	for (const char *p = host; p < end; p++)
		if (*p == '@')
			host = p + 1;
	return xasprintf("%s to %.*s %08x", stream, (int)(end - host), host,
			 (unsigned)hash_bytes(everywhere_the_same, to, strlen(to)));
}

static int read_line(struct cli_call *call, struct forward *f)
{
	const char *attempts = cli_value(call, "attempts"), *name = cli_value(call, "name"),
		   *to = cli_value(call, "to");
	int64_t most = ATTEMPTS;

	f->stream = cli_value(call, "stream");
	if (call->word_count > 0)
		return cli_usage("forward takes no argument, not '%s'", call->words[0]);
	if (f->stream == NULL || f->stream[0] != '/')
		return cli_usage("forward needs --stream with a path, such as /api/orders/stream");
	if (to == NULL || !is_url(to))
		return cli_usage(
			"forward needs --to with a URL that begins with https:// or http://");
	if (attempts != NULL && (!units_parse_count(attempts, &most) || most > 1000000))
		return cli_usage("--attempts is '%s', not a number", attempts);
	f->attempts = (int)most;
	f->to = xstrdup(to);
	explicit_bzero((char *)(uintptr_t)to, strlen(to)); /* others can see the command line */
	f->name = name == NULL ? name_of(f->stream, f->to) : xstrdup(name);
	return EXIT_DONE;
}

static void release(struct forward *f)
{
	if (f->secret != NULL)
		explicit_bzero(f->secret, f->secret_len);
	free(f->secret);
	free(f->to);
	free(f->name);
	free(f->cursor);
	curl_easy_cleanup(f->pages);
	curl_easy_cleanup(f->posts);
	PQfinish(f->pg);
}

int cmd_forward(struct cli_call *call)
{
	struct forward f = {.call = call, .result = -1};
	const char *secret = cli_value(call, "secret-file");
	int result = read_line(call, &f);

	if (result == EXIT_DONE && secret != NULL && !forward_post_secret(&f, secret))
		result = EXIT_CONFIG;
	if (result == EXIT_DONE)
		f.pg = open_database(call, &result);
	if (f.pg != NULL) {
		take_signals();
		f.pages = new_curl(&f, on_progress);
		f.posts = new_curl(&f, on_post_progress);
		go(&f, cli_value(call, "from"));
		result = f.result < 0 ? EXIT_DONE : f.result;
	}
	release(&f);
	return result;
}
