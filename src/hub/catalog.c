/* SPDX-License-Identifier: PostgreSQL */
#include "hub/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void catalog_init(struct catalog *c)
{
	strmap_init(&c->streams);
	strmap_init(&c->topics);
	list_init(&c->gone);
}

static void free_topics(struct catalog *c)
{
	strmap_each (struct topic, t, &c->topics) {
		free(t->streams);
		free(t);
	}
	strmap_release(&c->topics);
	strmap_init(&c->topics);
}

void catalog_release(struct catalog *c)
{
	catalog_define(c, NULL, 0, (struct cursor){0, 0});
	catalog_free_gone(c);
	free_topics(c);
	strmap_release(&c->topics);
	strmap_release(&c->streams);
}

static void add_to_topic(struct catalog *c, struct stream *s, const char *name)
{
	struct topic *t = strmap_get(&c->topics, name, strlen(name));

	if (t == NULL) {
		t = xcalloc(1, sizeof(*t));
		strmap_put(&c->topics, name, strlen(name), t);
	}
	if (t->count > 0 && t->streams[t->count - 1] == s)
		return; /* the stream names its topic twice */
	t->streams = xrealloc(t->streams, (t->count + 1) * sizeof(*t->streams));
	t->streams[t->count++] = s;
}

static void map_topics(struct catalog *c)
{
	free_topics(c);
	strmap_each (struct stream, s, &c->streams)
		for (size_t t = 0; t < s->def.topic_count; t++)
			add_to_topic(c, s, s->def.topics[t]);
}

static void take_away(struct catalog *c, struct stream *s)
{
	strmap_remove(&c->streams, s->def.path, strlen(s->def.path));
	s->gone = true;
	list_append(&c->gone, &s->link);
}

/* Takes away streams that are not among the defs, or are there in another shape. Returns true if
 * there was one. */
static bool take_away_changed(struct catalog *c, const struct stream_def *defs, size_t count)
{
	struct stream **changed = xcalloc(c->streams.count + 1, sizeof(*changed));
	size_t changed_count = 0;

	strmap_each (struct stream, s, &c->streams) {
		bool same = false;

		for (size_t d = 0; d < count && !same; d++)
			same = stream_def_equal(&s->def, &defs[d]);
		if (!same)
			changed[changed_count++] = s;
	}
	for (size_t i = 0; i < changed_count; i++)
		take_away(c, changed[i]);
	free(changed);
	return changed_count > 0;
}

bool catalog_define(struct catalog *c, struct stream_def *defs, size_t count, struct cursor head)
{
	bool news = take_away_changed(c, defs, count);

	for (size_t i = 0; i < count; i++) {
		const char *path = defs[i].path;

		if (strmap_get(&c->streams, path, strlen(path)) == NULL) {
			struct stream *s = stream_new(&defs[i], head);

			strmap_put(&c->streams, s->def.path, strlen(s->def.path), s);
			news = true;
		}
		stream_def_release(&defs[i]);
	}
	map_topics(c);
	return news;
}

void catalog_free_gone(struct catalog *c)
{
	list_each (node, tmp, &c->gone) {
		struct stream *s = container_of(node, struct stream, link);

		if (s->subscriber_count == 0) {
			list_remove(&s->link);
			stream_free(s);
		}
	}
}

const struct topic *catalog_topic(const struct catalog *c, struct text name)
{
	return strmap_get(&c->topics, name.bytes, name.len);
}

struct stream *catalog_find(const struct catalog *c, const char *path, struct params *params)
{
	struct params best_params = *params, tried;
	struct stream *best = NULL;
	int literals, most = -1;

	strmap_each (struct stream, s, &c->streams) {
		tried = *params;
		if (params_take_path(&tried, s->def.path, path, &literals) &&
		    (literals > most ||
		     (literals == most && strcmp(s->def.path, best->def.path) < 0))) {
			best = s;
			best_params = tried;
			most = literals;
		}
	}
	*params = best_params;
	return best;
}
