/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "http/codes.h"
#include "http/refusal.h"
#include "http/reply.h"
#include "outlet/outlets.h"

/* A state is sent when this many bytes of it have been gathered. */
#define PART ((size_t)64 << 10)

struct page {
	struct gatherer gatherer;
	struct outlet *outlet;
	/* The members of "events" that have not been appended to what goes out. */
	struct buf members;
	size_t count, bytes;
	/* After the last of them that has an id, or where it begins. "" if that is not known. */
	char cursor[CURSOR_TEXT_MAX];
	char *reset, *cors;
	bool begun;
	bool due; /* it is answered even if it is empty */
	struct timer timer;
};

static struct page *page_of(const struct gatherer *g)
{
	return container_of(g, struct page, gatherer);
}

static bool is_in_prelude(const struct page *p)
{
	return p->outlet->phase->state == OUTLET_PRELUDE;
}

bool page_parse_wait(struct text seconds, int *ret_ms)
{
	int wait = 0;

	for (size_t i = 0; i < seconds.len; i++) {
		if (seconds.bytes[i] < '0' || seconds.bytes[i] > '9')
			return false;
		wait = wait * 10 + seconds.bytes[i] - '0';
		wait = wait < PAGE_WAIT_MAX_S ? wait : PAGE_WAIT_MAX_S;
	}
	*ret_ms = wait * 1000;
	return seconds.len > 0;
}

/* --- life --- */

/* It has waited for events. At a second time it has waited for the database. */
static void on_timer(struct timer *t)
{
	struct page *p = container_of(t, struct page, timer);
	struct outlet *o = p->outlet;

	if (p->due) {
		if (!p->begun)
			outlet_close(o, "away");
		return;
	}
	p->due = true;
	loop_set_timer(o->set->loop, &p->timer, PAGE_DATABASE_MS);
	/* What this turn brings is still to be looked at. */
	router_touch_again(o->set->router, &o->sub);
}

static void hurry(struct gatherer *g)
{
	struct page *p = page_of(g);

	if (!p->due)
		on_timer(&p->timer);
}

static void stop(struct gatherer *g)
{
	struct page *p = page_of(g);

	loop_stop_timer(p->outlet->set->loop, &p->timer);
}

static void release(struct gatherer *g)
{
	struct page *p = page_of(g);

	buf_release(&p->members);
	free(p->reset);
	free(p->cors);
	free(p);
}

/* --- gathering --- */

static void set_cursor(struct page *p, const struct cursor *at)
{
	p->cursor[0] = '\0';
	if (at != NULL && at->tick != 0)
		cursor_format(*at, p->cursor);
}

static void begin(struct gatherer *g, const struct cursor *at)
{
	set_cursor(page_of(g), at);
}

/* A state has no limit. It ends when the function has given its last item. */
static bool is_full(const struct page *p)
{
	return !is_in_prelude(p) && (p->count >= PAGE_EVENTS || p->bytes >= PAGE_BYTES);
}

/* A line begins with its id if it has one. An empty id is not kept. */
static void keep_id(struct page *p, const char *line, size_t len)
{
	static const char key[] = "{\"id\":\"";
	const char *id = line + sizeof(key) - 1, *end;

	if (len < sizeof(key) - 1 || memcmp(line, key, sizeof(key) - 1) != 0)
		return;
	end = memchr(id, '"', len - (sizeof(key) - 1));
	if (end == NULL || end == id || end - id >= CURSOR_TEXT_MAX)
		return;
	memcpy(p->cursor, id, (size_t)(end - id));
	p->cursor[end - id] = '\0';
}

/* Counts the line at the end of the members as one more of them, and cuts off its line end. */
static void count_line(struct page *p, size_t start)
{
	size_t len = p->members.len - start - 1;

	p->members.data[--p->members.len] = '\0';
	p->count++;
	p->bytes += len;
	keep_id(p, p->members.data + start, len);
}

static size_t open_line(struct page *p)
{
	if (p->count > 0)
		buf_append_char(&p->members, ',');
	return p->members.len;
}

static void add(struct gatherer *g, enum frame_format format, bool sealed, const struct cursor *at,
		struct text name, struct text data)
{
	struct page *p = page_of(g);
	size_t start;

	if (is_full(p)) /* the rest of what was read is read again for the next page */
		return;
	start = open_line(p);
	frame_append_line(&p->members, format, sealed, at, name, data);
	count_line(p, start);
}

static bool take(struct gatherer *gatherer)
{
	struct page *p = page_of(gatherer);
	struct outlet *o = p->outlet;
	struct gather g;
	size_t taken = 0;

	subscriber_gather(&o->sub, &o->set->router->log, &g);
	for (int i = 0; i < g.count && !is_full(p); i++) {
		size_t start = open_line(p);

		buf_append(&p->members, g.iov[i].iov_base, g.iov[i].iov_len);
		taken += g.iov[i].iov_len;
		count_line(p, start);
	}
	if (g.count > 0 && taken == 0)
		return false;
	subscriber_advance(&o->sub, &o->set->router->log, &g, taken);
	if (g.count == 0 && o->sub.pending)
		router_touch_again(o->set->router, &o->sub);
	return g.count > 0 || !o->sub.pending;
}

static void reset(struct gatherer *g, struct cursor at, const char *reason)
{
	struct page *p = page_of(g);

	buf_clear(&p->members);
	p->count = p->bytes = 0;
	set_cursor(p, &at);
	free(p->reset);
	p->reset = xstrdup(reason);
	p->due = true;
}

/* --- answering --- */

static bool has_begun(const struct gatherer *g)
{
	return page_of(g)->begun;
}

static void append_head(struct page *p, struct buf *out)
{
	reply_append_start(out, HTTP_OK);
	buf_appendf(out,
		    "Content-Type: application/json\r\n"
		    "Cache-Control: no-store\r\n"
		    "Connection: close\r\n"
		    "X-Content-Type-Options: nosniff\r\n"
		    "%s%s\r\n",
		    p->outlet->bare ? "" : "Transfer-Encoding: chunked\r\n",
		    p->cors == NULL ? "" : p->cors);
}

static void append_text(const struct page *p, struct buf *out, struct text text)
{
	if (p->outlet->bare)
		buf_append(out, text.bytes, text.len);
	else if (text.len > 0)
		frame_append_raw(out, text);
}

/* Appends what has been gathered to what goes out. */
static void append_part(struct page *p, struct buf *out)
{
	if (!p->begun) {
		append_head(p, out);
		append_text(p, out, text_of("{\"events\":["));
	}
	p->begun = true;
	append_text(p, out, (struct text){p->members.data, p->members.len});
	buf_clear(&p->members);
}

static void append_end(struct page *p, struct buf *out)
{
	struct buf end;

	append_part(p, out);
	buf_init(&end);
	buf_appendf(&end, "],\"cursor\":\"%s\",\"reset\":", p->cursor);
	if (p->reset == NULL)
		buf_append_str(&end, "null");
	else
		buf_append_json(&end, p->reset, strlen(p->reset));
	buf_append_str(&end, "}\n");
	append_text(p, out, (struct text){end.data, end.len});
	buf_release(&end);
	if (!p->outlet->bare)
		buf_append_str(out, "0\r\n\r\n");
}

/* --- ending --- */

/* True if everything there is has been looked at. */
static bool is_quiet(const struct outlet *o)
{
	return o->phase->state == OUTLET_LIVE && !o->sub.pending;
}

/*
 * If nothing happens, a client would ask for the same cursor again and again until it expires. So
 * the cursor moves on with the log.
 */
static void move_on(struct page *p, struct cursor head)
{
	struct cursor at;

	if (!cursor_parse(p->cursor, &at) || cursor_compare(head, at) > 0)
		set_cursor(p, &head);
}

static void settle(struct gatherer *g)
{
	struct page *p = page_of(g);
	struct outlet *o = p->outlet;
	const struct router *r = o->set->router;
	bool quiet = is_quiet(o);

	/* Nothing is said after a missing event. The connection is about to be closed or reset. */
	if (outlet_is_ending(o) || subscriber_is_holed(&o->sub) || o->fault)
		return;
	if (is_in_prelude(p)) {
		if (p->members.len >= PART)
			append_part(p, &o->out);
		return;
	}
	if (!is_full(p) && !(quiet && (p->count > 0 || p->due)))
		return;
	if (quiet)
		move_on(p, r->head);
	append_end(p, &o->out);
	subscriber_wait(&o->sub); /* the log may forget what is for the next page */
	o->reason = "answered";
	outlet_end(o, PAGE_TAKE_MS);
}

static bool is(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

static void append_refusal(struct page *p, struct buf *out, const char *reason)
{
	struct refusal refusal;
	struct buf body;

	if (is(reason, "expired") || is(reason, "revoked"))
		refusal_of_token(&refusal, true);
	else if (is(reason, "forbidden"))
		refusal_forbidden(&refusal, "open this stream");
	else if (is(reason, "failed"))
		refusal = (struct refusal){
			.status = 500, .sentence = "The state of this stream could not be read"};
	else
		refusal_for_now(&refusal);
	refusal_stats_count(p->outlet->set->refusals, refusal.status);
	buf_init(&body);
	reply_append_error(&body, refusal.sentence);
	reply_append_raw(out,
			 &(struct reply){refusal.status, "application/json", body.data,
					 refusal.header, refusal.value},
			 p->cors);
	buf_release(&body);
}

/*
 * If it ends for no fault of the client's, the answer is what there is. The client asks again from
 * there.
 */
static void close_page(struct gatherer *g, struct buf *out, const char *reason)
{
	struct page *p = page_of(g);
	bool can_go_on = p->cursor[0] != '\0' && !is_in_prelude(p);

	if (can_go_on && (is(reason, "shutdown") || is(reason, "changed") ||
			  (is(reason, "away") && p->count > 0)))
		append_end(p, out);
	else
		append_refusal(p, out, reason);
}

/* --- beginning --- */

static const struct gatherer_ops page_ops = {.begin = begin,
					     .add = add,
					     .reset = reset,
					     .close = close_page,
					     .has_begun = has_begun,
					     .take = take,
					     .settle = settle,
					     .hurry = hurry,
					     .stop = stop,
					     .free = release};

struct gatherer *page_new(struct outlet *o, int wait_ms, const char *cors)
{
	struct page *p = xcalloc(1, sizeof(*p));

	p->gatherer.ops = &page_ops;
	p->outlet = o;
	p->due = wait_ms == 0;
	p->cors = cors == NULL ? NULL : xstrdup(cors);
	buf_init(&p->members);
	timer_init(&p->timer, on_timer);
	loop_set_timer(o->set->loop, &p->timer, p->due ? PAGE_DATABASE_MS : wait_ms);
	return &p->gatherer;
}
