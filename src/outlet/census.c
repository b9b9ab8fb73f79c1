/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/census.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define OTHER "other"

static const char *const reasons[CENSUS_REASONS] = {
	"client", "slow",  "expired",  "revoked",  "forbidden", "changed", "shutdown",
	"failed", "fault", "restored", "answered", "away",      OTHER};
static const char *const sources[CENSUS_SOURCES] = {"memory", "database", "none"};
static const int ages_s[CENSUS_AGES] = {1, 10, 60, 600, 3600, 36000};

struct census_path {
	char *path;
	uint64_t open, opened;
};

void census_init(struct census *c)
{
	*c = (struct census){.bytes = 0};
	strmap_init(&c->paths);
}

void census_release(struct census *c)
{
	strmap_each (struct census_path, p, &c->paths) {
		free(p->path);
		free(p);
	}
	strmap_release(&c->paths);
}

static struct census_path *find(struct census *c, const char *path)
{
	struct census_path *p = strmap_get(&c->paths, path, strlen(path));

	if (p != NULL)
		return p;
	if (c->paths.count >= CENSUS_PATHS_MOST && strcmp(path, OTHER) != 0)
		return find(c, OTHER);
	p = xcalloc(1, sizeof(*p));
	p->path = xstrdup(path);
	strmap_put(&c->paths, path, strlen(path), p);
	return p;
}

void census_opened(struct census *c, const char *path)
{
	struct census_path *p = find(c, path);

	p->open++;
	p->opened++;
}

static size_t reason_of(const char *reason)
{
	size_t i = 0;

	while (reasons[i + 1] != NULL && strcmp(reasons[i], reason) != 0)
		i++;
	return i;
}

void census_closed(struct census *c, const char *path, const char *reason, int64_t age_ms)
{
	size_t age = 0;

	while (age < CENSUS_AGES && age_ms > (int64_t)ages_s[age] * 1000)
		age++;
	find(c, path)->open--;
	c->closed[reason_of(reason)]++;
	c->ages[age]++;
	c->age_sum_ms += age_ms;
}

void census_append_closed(const struct census *c, const uint64_t closed[CENSUS_REASONS],
			  struct buf *out)
{
	const char *comma = "";

	for (size_t i = 0; reasons[i] != NULL; i++) {
		if (c->closed[i] == closed[i])
			continue;
		buf_appendf(out, "%s%s %" PRIu64, comma, reasons[i], c->closed[i] - closed[i]);
		comma = ", ";
	}
}

/* --- metrics, in Prometheus' text format --- */

static void append_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_appendf(out, "# HELP pgherald_%s %s\n# TYPE pgherald_%s %s\n", name, help, name, type);
}

static void append_paths(const struct census *c, struct buf *out, const char *name, size_t at)
{
	strmap_each (const struct census_path, p, &c->paths) {
		buf_appendf(out, "pgherald_%s{path=\"", name);
		buf_append_label(out, p->path);
		buf_appendf(out, "\"} %" PRIu64 "\n", *(const uint64_t *)((const char *)p + at));
	}
}

static void append_ages(const struct census *c, struct buf *out)
{
	uint64_t count = 0;

	append_head(out, "stream_age_seconds", "histogram", "Ages of streams when they ended.");
	for (size_t i = 0; i < CENSUS_AGES; i++) {
		count += c->ages[i];
		buf_appendf(out, "pgherald_stream_age_seconds_bucket{le=\"%d\"} %" PRIu64 "\n",
			    ages_s[i], count);
	}
	count += c->ages[CENSUS_AGES];
	buf_appendf(out,
		    "pgherald_stream_age_seconds_bucket{le=\"+Inf\"} %" PRIu64
		    "\npgherald_stream_age_seconds_sum %.3f\n"
		    "pgherald_stream_age_seconds_count %" PRIu64 "\n",
		    count, (double)c->age_sum_ms / 1000, count);
}

static void append_total(struct buf *out, const char *name, const char *help, uint64_t value)
{
	append_head(out, name, "counter", help);
	buf_appendf(out, "pgherald_%s %" PRIu64 "\n", name, value);
}

void census_append_metrics(const struct census *c, struct buf *out)
{
	append_head(out, "path_streams", "gauge", "Open streams, by the path of their definition.");
	append_paths(c, out, "path_streams", offsetof(struct census_path, open));
	append_head(out, "path_streams_opened_total", "counter",
		    "Streams opened, by the path of their definition.");
	append_paths(c, out, "path_streams_opened_total", offsetof(struct census_path, opened));
	append_head(out, "streams_closed_total", "counter",
		    "Streams that ended, by reason. The reason client means that the client left.");
	for (size_t i = 0; reasons[i] != NULL; i++)
		buf_appendf(out, "pgherald_streams_closed_total{reason=\"%s\"} %" PRIu64 "\n",
			    reasons[i], c->closed[i]);
	append_head(
		out, "resumes_total", "counter",
		"Streams that were to go on after an id, by where the id was looked for: in the "
		"shared log, in the database, or nowhere because it is none.");
	for (size_t i = 0; i < CENSUS_SOURCES; i++)
		buf_appendf(out, "pgherald_resumes_total{source=\"%s\"} %" PRIu64 "\n", sources[i],
			    c->resumes[i]);
	append_ages(c, out);
	append_total(out, "sent_bytes_total", "Bytes sent on streams.", c->bytes);
	append_total(out, "pings_total", "Pings sent on streams.", c->pings);
}
