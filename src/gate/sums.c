/* SPDX-License-Identifier: PostgreSQL */
#include "gate/sums.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

struct line {
	struct list link;
	char *text; /* the comment, or name and labels of the sample; owned */
	bool is_sample;
	double value;
	int digits; /* of the value, after its point */
};

/* --- how values of one sample come together --- */

enum rule { ADD, LEAST, MOST };

static enum rule rule_of(const char *name, size_t len)
{
	static const struct {
		const char *name;
		enum rule rule;
	} rules[] = {
		{"pgherald_up", LEAST},
		{"pgherald_accept_suspended", MOST},
		{"pgherald_build_info", MOST},
		{"pgherald_events_total", MOST}, /* each worker reads all of them */
		{"pgherald_head_tick", LEAST},
		{"pgherald_lag_seconds", MOST},
		{"pgherald_log_bytes_total", MOST},
		{"pgherald_loop_busy_ratio", MOST},
		{"pgherald_notify_queue_ratio", MOST},
		{"pgherald_provider_age_seconds", MOST},
		{"pgherald_provider_keys", LEAST},
		{"pgherald_truncated_total", MOST},
		{"pgherald_unreadable_total", MOST},
		{"pgherald_uptime_seconds", MOST},
		{"process_max_fds", LEAST},
		{"process_start_time_seconds", LEAST},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (strlen(rules[i].name) == len && memcmp(rules[i].name, name, len) == 0)
			return rules[i].rule;
	return ADD;
}

static double together(enum rule rule, double one, double other)
{
	if (rule == ADD)
		return one + other;
	return (rule == LEAST) == (one < other) ? one : other;
}

/* --- lines --- */

void sums_init(struct sums *s)
{
	list_init(&s->lines);
	strmap_init(&s->samples);
	strmap_init(&s->ends);
}

void sums_release(struct sums *s)
{
	list_each (node, tmp, &s->lines) {
		struct line *line = container_of(node, struct line, link);

		free(line->text);
		free(line);
	}
	strmap_release(&s->samples);
	strmap_release(&s->ends);
}

/* The name of a sample's family, without its labels. */
static struct text family_of(struct text sample)
{
	const char *labels = memchr(sample.bytes, '{', sample.len);

	return (struct text){sample.bytes,
			     labels == NULL ? sample.len : (size_t)(labels - sample.bytes)};
}

/* Puts a line at the end of its family, which may be new. */
static struct line *put(struct sums *s, struct text text, struct text family)
{
	struct line *line = xcalloc(1, sizeof(*line)),
		    *end = strmap_get(&s->ends, family.bytes, family.len);

	line->text = xstrndup(text.bytes, text.len);
	list_node_init(&line->link);
	/* A node is put before the one that is named, so this is past the family's end. */
	list_append(end == NULL ? &s->lines : end->link.next, &line->link);
	strmap_put(&s->ends, family.bytes, family.len, line);
	return line;
}

/* "# TYPE name type" and "# HELP name text": a family with no sample yet begins with them. */
static void add_comment(struct sums *s, struct text comment)
{
	struct text name = {comment.bytes + 7, 0};

	if (comment.len <= 7)
		return;
	while (name.len < comment.len - 7 && name.bytes[name.len] != ' ')
		name.len++;
	put(s, comment, name);
}

static void add_sample(struct sums *s, struct text sample, const char *value, size_t value_len)
{
	struct text family = family_of(sample);
	struct line *line = strmap_get(&s->samples, sample.bytes, sample.len);
	const char *point = memchr(value, '.', value_len);
	double number = strtod(value, NULL);

	if (line != NULL) {
		line->value = together(rule_of(family.bytes, family.len), line->value, number);
		return;
	}
	line = put(s, sample, family);
	line->is_sample = true;
	line->value = number;
	line->digits = point == NULL ? 0 : (int)(value + value_len - point - 1);
	strmap_put(&s->samples, sample.bytes, sample.len, line);
}

static void add_line(struct sums *s, struct text line, bool first)
{
	const char *space = memrchr(line.bytes, ' ', line.len);

	if (space == NULL)
		return;
	if (line.bytes[0] != '#')
		add_sample(s, (struct text){line.bytes, (size_t)(space - line.bytes)}, space + 1,
			   (size_t)(line.bytes + line.len - space - 1));
	else if (first)
		add_comment(s, line);
}

void sums_add(struct sums *s, struct text page)
{
	bool first = list_empty(&s->lines);
	const char *end;

	while ((end = memchr(page.bytes, '\n', page.len)) != NULL) {
		size_t len = (size_t)(end - page.bytes);

		add_line(s, (struct text){page.bytes, len}, first);
		page = (struct text){end + 1, page.len - len - 1};
	}
}

void sums_append(const struct sums *s, struct buf *out)
{
	list_each (node, tmp, &s->lines) {
		const struct line *line = container_of(node, struct line, link);

		if (line->is_sample)
			buf_appendf(out, "%s %.*f\n", line->text, line->digits, line->value);
		else
			buf_appendf(out, "%s\n", line->text);
	}
}
