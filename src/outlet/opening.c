/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/opening.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/crew.h"
#include "base/xalloc.h"
#include "outlet/catching.h"
#include "outlet/expiry.h"
#include "outlet/outlets.h"
#include "outlet/page.h"
#include "outlet/prelude.h"

#define USER_TIMEOUT_MS 20000 /* unacknowledged this long, the peer is gone (RFC 5482) */

/* --- beginning anew --- */

/* The client throws away what it has, and its last event ID with it. */
static void begin_anew(struct outlet *o, const char *reason)
{
	control_append_reset(&o->out, outlet_wire(o), (struct cursor){0, 0}, reason);
	subscriber_wait(&o->sub);
	prelude_start(o);
}

void opening_reset(struct outlet *o, const char *reason)
{
	struct cursor head = o->set->router->head;

	if (outlet_is_ending(o))
		return;
	/* The rest of a frame that has begun is gone, with the history that it was part of. */
	if (o->sub.skip > 0 || outlet_has_begun_answer(o)) {
		o->reason = "restored";
		outlet_drop(o, "its history was lost in the middle of an event");
		return;
	}
	if (o->sub.stream->def.snapshot != NULL) {
		begin_anew(o, reason);
	} else {
		control_append_reset(&o->out, outlet_wire(o), head, reason);
		catching_join(o, head);
	}
	router_touch_again(o->set->router, &o->sub);
}

/* --- opening --- */

static void tune_socket(int fd)
{
	int on = 1, unsent = OUTLET_UNSENT_MAX, timeout = USER_TIMEOUT_MS;

	/* A socket works without these options too, only less well. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
}

static void start_timers(struct outlet *o)
{
	heartbeat_start(o, outlet_beat);
	expiry_start(o);
}

static void join(struct outlet *o, const struct facet *facet)
{
	const struct wanted *wanted = facet->wanted;
	struct buf keys;
	uint32_t count;

	router_want_form(o->set->router, facet->stream, o->sub.form);
	buf_init(&keys);
	count = wanted_append_keys(wanted, facet->stream, &keys);
	router_join(o->set->router, &o->sub, facet->stream, keys.data, count);
	if (wanted->name_count > 0)
		part_narrow(&o->sub.parts[o->sub.part_count - 1], wanted->names,
			    wanted->name_count);
	buf_release(&keys);
}

static void seat(struct outlet *o, struct opening *opening)
{
	const struct selection *selection = opening->selection;

	o->selection = opening->selection;
	o->format = selection_format(selection);
	o->bare = opening->bare;
	o->sub.bare = opening->bare || opening->delivery.page;
	o->sub.form = opening->delivery.form;
	o->ping_event = opening->delivery.ping_event;
	subscriber_expect(&o->sub, selection->count);
	for (size_t i = 0; i < selection->count; i++)
		join(o, &selection->facets[i]);
	if (opening->delivery.page)
		o->gatherer =
			page_new(o, opening->resume ? opening->delivery.wait_ms : 0, opening->cors);
	o->phase = &catching_phase;
}

static void say_hello(struct outlet *o, const struct cursor *at)
{
	control_append_hello(&o->out, outlet_wire(o), o->set->options->retry_ms, at);
}

/*
 * A connection begins in one of four ways:
 *
 *   - from now on;
 *   - after a cursor of the log;
 *   - after a cursor that only the database has;
 *   - with a reset.
 */
static void begin(struct outlet *o, const struct opening *opening)
{
	struct router *r = o->set->router;

	if (opening->unknown) {
		o->set->census.resumes[CENSUS_NOWHERE]++;
		say_hello(o, NULL);
		opening_reset(o, "unknown");
	} else if (!opening->resume && o->sub.stream->def.snapshot != NULL) {
		say_hello(o, NULL);
		prelude_start(o);
	} else if (!opening->resume) {
		say_hello(o, &r->head);
		catching_join(o, r->head);
	} else {
		say_hello(o, opening->after.tick == 0 ? NULL : &opening->after);
		if (opening->after.tick != 0 && router_holds_for(r, &o->sub, opening->after) &&
		    cursor_compare(opening->after, r->head) <= 0) {
			o->set->census.resumes[CENSUS_MEMORY]++;
			catching_join(o, opening->after);
		} else {
			o->set->census.resumes[CENSUS_DATABASE]++;
			catching_start(o, opening->after);
		}
	}
}

struct outlet *opening_open(struct outlets *set, struct opening *opening)
{
	struct outlet *o = xcalloc(1, sizeof(*o));

	o->set = set;
	o->holder = opening->holder;
	o->address = opening->address;
	o->opened_ms = set->loop->now_ms;
	buf_init(&o->out);
	tune_socket(opening->fd);
	/* No two workers give the same number. */
	o->number = ++set->opened * crew_size(set->crew) + crew_number(set->crew);
	quota_count_in(&set->quota, o->holder.user, o->address, &o->user_link);
	list_append(&set->open, &o->link);
	seat(o, opening);
	census_opened(&set->census, selection_path(o->selection));
	start_timers(o);
	tally_opened(&set->tally, o);
	if (!opening->head_sent && o->gatherer == NULL)
		control_append_head(&o->out, outlet_wire(o), opening->cors);
	begin(o, opening);
	watch_init(&o->watch, outlet_ready);
	if (!loop_watch(set->loop, &o->watch, opening->fd,
			EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)) {
		o->watch.fd = opening->fd;
		o->reason = "fault";
		outlet_drop(o, "its socket cannot be watched");
		return o;
	}
	outlet_flush(o);
	return o;
}
