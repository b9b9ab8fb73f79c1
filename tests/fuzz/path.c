/* SPDX-License-Identifier: PostgreSQL */
/*
 * The first line is a path, each line behind it a stream's path, up to eight of those that
 * herald.stream would take. What is found gives the path back when its parameters are put in;
 * nothing fits better; and nothing fits where nothing is found.
 */
#include "hub/catalog.h"

#include "fuzz.h"

#define STREAMS_MAX 8

/* sql/functions/stream.sql, check_path */
static bool is_usable(const char *path)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-";

	if (path[0] == '\0' || strlen(path) > 500)
		return false;
	while (*path == '/') {
		size_t len;

		path += 1 + (path[1] == ':');
		len = strspn(path, letters);
		if (len == 0)
			return false;
		path += len;
	}
	return *path == '\0';
}

static struct stream_def make_def(char *path)
{
	struct stream_def def = {.path = path, .require = xstrdup("{}"), .topic_count = 1};

	def.topics = xcalloc(1, sizeof(*def.topics));
	def.topics[0] = xstrdup("t");
	return def;
}

static size_t parameters_of(const char *pattern)
{
	size_t count = 0;

	for (; *pattern != '\0'; pattern++)
		count += *pattern == ':';
	return count;
}

/* How many segments are the same in both; -1: it does not fit. Cuts copies, piece by piece. */
static int literals_of(const char *pattern, const char *path)
{
	char *a = xstrdup(pattern), *b = xstrdup(path), *a_rest = a, *b_rest = b;
	int literals = 0;

	while (literals >= 0 && a_rest != NULL && b_rest != NULL) {
		const char *want = strsep(&a_rest, "/"), *have = strsep(&b_rest, "/");

		if (want[0] == ':' ? have[0] == '\0' : strcmp(want, have) != 0)
			literals = -1;
		else
			literals += want[0] != ':';
	}
	if (a_rest != NULL || b_rest != NULL || parameters_of(pattern) > PARAMS_MAX)
		literals = -1;
	free(a);
	free(b);
	return literals;
}

/* The pattern with its parameters' values is the path. */
static void check_parameters(const char *pattern, const char *path, const struct params *params)
{
	struct buf made;
	size_t used = 0;

	buf_init(&made);
	for (size_t len; *pattern != '\0'; pattern += len) {
		len = strcspn(pattern + 1, "/") + 1;
		if (pattern[1] != ':') {
			buf_append(&made, pattern, len);
			continue;
		}
		MUST(used < params->count && params->items[used].name.len == len - 2);
		MUST(memcmp(params->items[used].name.bytes, pattern + 2, len - 2) == 0);
		buf_append_char(&made, '/');
		buf_append(&made, params->items[used].value.bytes, params->items[used].value.len);
		used++;
	}
	MUST(used == params->count && strcmp(made.data, path) == 0);
	buf_release(&made);
}

static void check_best(const struct catalog *c, const struct stream *found, const char *path)
{
	int most = found == NULL ? -1 : literals_of(found->def.path, path), literals;

	MUST(found == NULL || most >= 0);
	strmap_each (struct stream, s, &c->streams) {
		literals = literals_of(s->def.path, path);
		MUST(literals <= most);
		MUST(literals < 0 || literals < most || strcmp(s->def.path, found->def.path) >= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct stream_def defs[STREAMS_MAX];
	struct params params = {.count = 0};
	struct stream *found;
	struct catalog c;
	size_t count = 0;
	char *path = input_line(&in);

	while (in.at < in.end && count < STREAMS_MAX) {
		char *pattern = input_line(&in);

		if (is_usable(pattern))
			defs[count++] = make_def(pattern);
		else
			free(pattern);
	}
	catalog_init(&c);
	catalog_define(&c, defs, count, (struct cursor){0, 0});
	found = catalog_find(&c, path, &params);
	check_best(&c, found, path);
	if (found != NULL)
		check_parameters(found->def.path, path, &params);
	else
		MUST(params.count == 0);
	catalog_release(&c);
	free(path);
	return 0;
}
