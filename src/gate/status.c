/* SPDX-License-Identifier: PostgreSQL */
#include "gate/status.h"

#include <inttypes.h>

#include "base/crew.h"
#include "base/histogram.h"
#include "base/log.h"
#include "base/process.h"
#include "outlet/outlets.h"
#include "gate/sums.h"

int64_t status_lag_ms(const struct status *s, int64_t now_ms)
{
	int64_t since = !s->available ? s->lost_ms : s->owed_ms;

	if (!s->available && s->owed_ms != 0 && s->owed_ms < since)
		since = s->owed_ms;
	return since == 0 || since > now_ms ? 0 : now_ms - since;
}

/* The change log can be followed, and what clients ask the database for waits all the same. */
static bool is_stuck(const struct status *s, int64_t now_ms)
{
	return s->available && s->stuck_ms != 0 && now_ms - s->stuck_ms >= STATUS_LATE_MS;
}

static const char *own_fault(const struct status *s, int64_t now_ms)
{
	if (s->gate->outlets->draining || s->leaving)
		return "it is about to end";
	if (!s->available && !(s->known && now_ms - s->lost_ms < s->ready_grace_ms))
		return "the change log cannot be followed";
	if (s->available && status_lag_ms(s, now_ms) >= STATUS_LATE_MS)
		return "what is committed has not been read for a while";
	if (is_stuck(s, now_ms))
		return "what clients ask the database for waits for a session: is a pool or a "
		       "connection limit full?";
	return s->shut ? "new connections wait for descriptors or memory" : NULL;
}

const char *status_unready(const struct status *s, int64_t now_ms)
{
	const char *why = own_fault(s, now_ms);
	bool silent = false;

	if (why != NULL || crew_unready(s->crew, now_ms, &silent) < 0)
		return why;
	return silent ? "another worker does not answer" : "another worker is not ready";
}

void status_append_json(const struct status *s, int64_t now_ms, struct buf *out)
{
	bool ok = s->available && status_lag_ms(s, now_ms) < STATUS_LATE_MS && !is_stuck(s, now_ms);
	const char *word = s->gate->outlets->draining ? "draining" : ok ? "ok" : "degraded";
	char head[CURSOR_TEXT_MAX];

	cursor_format(s->gate->outlets->router->head, head);
	buf_appendf(out,
		    "{\"status\":\"%s\",\"streams\":%zu,\"head\":\"%s\",\"lag_ms\":%" PRId64
		    ",\"uptime_s\":%" PRId64 ",\"version\":\"%s\"}",
		    word, quota_open(&s->gate->outlets->quota), head, status_lag_ms(s, now_ms),
		    (now_ms - s->started_ms) / 1000, s->version);
}

static void append_metric(struct buf *out, const char *name, const char *type, const char *help,
			  uint64_t value)
{
	buf_appendf(out, "# HELP pgherald_%s %s\n# TYPE pgherald_%s %s\npgherald_%s %" PRIu64 "\n",
		    name, help, name, type, name, value);
}

static void append_seconds(struct buf *out, const char *name, const char *help, int64_t ms)
{
	buf_appendf(out,
		    "# HELP pgherald_%s %s\n# TYPE pgherald_%s gauge\npgherald_%s %" PRId64
		    ".%03d\n",
		    name, help, name, name, ms / 1000, (int)(ms % 1000));
}

/* `digits` after the point. */
static void append_ratio(struct buf *out, const char *name, const char *help, int digits,
			 double value)
{
	buf_appendf(out, "# HELP pgherald_%s %s\n# TYPE pgherald_%s gauge\npgherald_%s %.*f\n",
		    name, help, name, name, digits, value);
}

static void append_refusals(struct buf *out, const struct refusal_stats *r)
{
	buf_append_str(out, "# HELP pgherald_refused_total Requests that were refused.\n"
			    "# TYPE pgherald_refused_total counter\n");
	for (enum refusal_kind kind = 0; kind < REFUSED_KINDS; kind++)
		buf_appendf(out, "pgherald_refused_total{reason=\"%s\"} %" PRIu64 "\n",
			    refusal_stats_name(kind), r->counts[kind]);
}

static void append_connections(const struct outlets *o, struct buf *out)
{
	append_metric(out, "streams", "gauge", "Open streams.", o->quota.open);
	append_metric(out, "streams_opened_total", "counter", "Streams opened.", o->opened);
	append_metric(out, "streams_slow_total", "counter",
		      "Streams closed because their client did not read.", o->slow);
	append_metric(out, "users", "gauge",
		      "Users with an open stream, or one that waits for the database.",
		      o->quota.users.count);
	census_append_metrics(&o->census, out);
	append_metric(
		out, "heartbeats_learned", "gauge",
		"Clients behind a proxy that cuts idle connections, which are pinged more often.",
		o->proxycuts.learned);
	append_metric(out, "heartbeats_unlearned_total", "counter",
		      "Clients found to be cut by age, pings or not.", o->proxycuts.unlearned);
	append_ratio(out, "loop_busy_ratio",
		     "Share of the last seconds in which the event loop was not waiting.", 3,
		     o->loop->load.share);
}

static void append_requests(const struct status *s, struct buf *out)
{
	append_metric(out, "requests_total", "counter",
		      "Requests whose head was read, whatever the answer was.", s->gate->requests);
	append_refusals(out, &s->gate->refusals);
	append_metric(out, "origins_refused_total", "counter",
		      "Requests of pages whose origin is not allowed.", s->gate->strangers.count);
	append_metric(out, "accept_suspended", "gauge",
		      "1 while new connections wait for descriptors or memory.", s->shut);
	append_metric(out, "accept_suspensions_total", "counter",
		      "How often new connections had to wait for descriptors or memory.", s->shuts);
	append_metric(
		out, "log_lines_dropped_total", "counter",
		"Log lines that were lost, because nobody read them or the disk did not take them.",
		log_dropped());
}

static void append_times(const struct status *s, struct buf *out)
{
	histogram_append(s->delivery, "delivery_seconds",
			 "From when this instance knew of changes (a writer rang, or a look found "
			 "them) until the last of them was written to its streams.",
			 out);
	histogram_append(s->tick, "tick_seconds",
			 "How long the database took for a tick that was made here.", out);
	histogram_append(s->authorize, "authorize_seconds",
			 "How long requests and streams waited for what authorize and list "
			 "functions say.",
			 out);
	histogram_append(s->action, "action_seconds", "How long requests waited for actions.", out);
}

static void append_events(const struct status *s, int64_t now_ms, struct buf *out)
{
	const struct router *r = s->gate->outlets->router;

	append_metric(out, "events_total", "counter", "Events read from the change log.",
		      r->events);
	append_metric(out, "log_bytes_total", "counter", "Bytes appended to the shared log.",
		      r->bytes);
	append_metric(out, "ticks_total", "counter", "Ticks made by this instance.", s->ticks);
	append_ratio(out, "notify_queue_ratio",
		     "Share of PostgreSQL's queue of notifications that is used.", 6,
		     s->queue_millionths / 1e6);
	append_metric(out, "truncated_total", "counter",
		      "Events sent without their data, because it was too long.", r->left_out);
	append_metric(out, "unreadable_total", "counter",
		      "Changes that the server could not hand out, told as bulk.", s->unreadable);
	append_metric(out, "replay_pages_total", "counter",
		      "Pages read from the database for late subscribers.", s->pages);
	append_metric(out, "head_tick", "gauge", "The last tick that was read.",
		      (uint64_t)r->head.tick);
	append_seconds(out, "lag_seconds",
		       "Age of the oldest change that is known of and was not read, or how long "
		       "the change log could not be followed.",
		       status_lag_ms(s, now_ms));
}

/* `digits` after the point. These have the names that all programs give them. */
static void append_use(struct buf *out, const char *name, const char *type, const char *help,
		       int digits, double value)
{
	buf_appendf(out, "# HELP process_%s %s\n# TYPE process_%s %s\nprocess_%s %.*f\n", name,
		    help, name, type, name, digits, value);
}

static void append_process(const struct status *s, struct buf *out)
{
	struct process_use use;

	process_look(&use);
	append_use(out, "cpu_seconds_total", "counter",
		   "Time on the processor, in user and system mode.", 3, (double)use.cpu_ms / 1000);
	append_use(out, "resident_memory_bytes", "gauge", "Memory that is resident.", 0,
		   (double)use.resident_bytes);
	append_use(out, "virtual_memory_bytes", "gauge", "Size of the address space in use.", 0,
		   (double)use.virtual_bytes);
	append_use(out, "open_fds", "gauge", "Open descriptors.", 0, (double)use.files);
	append_use(out, "max_fds", "gauge", "The limit of open descriptors.", 0,
		   (double)use.files_most);
	append_use(out, "start_time_seconds", "gauge",
		   "When the process started, in seconds since 1970.", 3,
		   (double)s->started_wall_ms / 1000);
}

static void append_build(const struct status *s, struct buf *out)
{
	buf_appendf(out,
		    "# HELP pgherald_build_info Always 1; the labels say which versions run.\n"
		    "# TYPE pgherald_build_info gauge\n"
		    "pgherald_build_info{version=\"%s\",libmicrohttpd=\"%s\"} 1\n",
		    s->version, s->library);
}

static void append_own(const struct status *s, int64_t now_ms, struct buf *out)
{
	append_metric(out, "up", "gauge", "1 while the change log can be followed.", s->available);
	append_connections(s->gate->outlets, out);
	append_requests(s, out);
	append_events(s, now_ms, out);
	append_times(s, out);
	s->append_more(s->ctx, now_ms, out);
	append_seconds(out, "uptime_seconds", "Seconds since the start.", now_ms - s->started_ms);
	append_build(s, out);
	append_process(s, out);
}

static void add_page(void *ctx, struct text page)
{
	sums_add(ctx, page);
}

void status_append_metrics(const struct status *s, int64_t now_ms, struct buf *out)
{
	struct sums sums;
	struct buf own;

	if (s->crew == NULL) {
		append_own(s, now_ms, out);
		return;
	}
	buf_init(&own);
	append_own(s, now_ms, &own);
	sums_init(&sums);
	sums_add(&sums, (struct text){own.data, own.len});
	crew_each_text(s->crew, add_page, &sums);
	sums_append(&sums, out);
	sums_release(&sums);
	buf_release(&own);
}

void status_tell_crew(const struct status *s, int64_t now_ms)
{
	struct buf own;

	buf_init(&own);
	append_own(s, now_ms, &own);
	crew_say(s->crew, now_ms, own_fault(s, now_ms) != NULL, (struct text){own.data, own.len});
	buf_release(&own);
}
