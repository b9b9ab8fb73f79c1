/* SPDX-License-Identifier: PostgreSQL */
#include "hub/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/xalloc.h"

static void free_strings(char **strings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(strings[i]);
	free(strings);
}

void stream_def_release(struct stream_def *def)
{
	free(def->path);
	free_strings(def->topics, def->topic_count);
	free_strings(def->events, def->event_count);
	for (size_t i = 0; i < def->match_count; i++) {
		free(def->match_key[i]);
		free(def->match_source[i]);
	}
	free(def->require);
	free(def->authorize);
	free(def->snapshot);
	*def = (struct stream_def){0};
}

static bool strings_equal(char *const *a, size_t a_count, char *const *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

bool stream_def_needs_claims(const struct stream_def *def)
{
	return stream_def_asks(def) || def->snapshot != NULL;
}

bool stream_def_lists_key(const struct stream_def *def, size_t key)
{
	return strncmp(def->match_source[key], "function:", 9) == 0;
}

bool stream_def_lists(const struct stream_def *def)
{
	for (size_t k = 0; k < def->match_count; k++)
		if (stream_def_lists_key(def, k))
			return true;
	return false;
}

bool stream_def_asks(const struct stream_def *def)
{
	return def->authorize != NULL || stream_def_lists(def);
}

static bool names_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool stream_def_equal(const struct stream_def *a, const struct stream_def *b)
{
	return strcmp(a->path, b->path) == 0 && strcmp(a->require, b->require) == 0 &&
	       a->format == b->format && a->anonymous == b->anonymous && a->sealed == b->sealed &&
	       names_equal(a->authorize, b->authorize) && names_equal(a->snapshot, b->snapshot) &&
	       memcmp(a->match_compare, b->match_compare, sizeof(a->match_compare)) == 0 &&
	       (a->events == NULL) == (b->events == NULL) &&
	       strings_equal(a->topics, a->topic_count, b->topics, b->topic_count) &&
	       strings_equal(a->events, a->event_count, b->events, b->event_count) &&
	       strings_equal(a->match_key, a->match_count, b->match_key, b->match_count) &&
	       strings_equal(a->match_source, a->match_count, b->match_source, b->match_count);
}

struct stream *stream_new(struct stream_def *def, struct cursor since)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	s->def = *def;
	*def = (struct stream_def){0};
	strmap_init(&s->index);
	list_init(&s->subscribers);
	list_node_init(&s->link);
	s->since = since;
	s->forms = 1u << FRAME_EVENTS;
	return s;
}

void stream_free(struct stream *s)
{
	stream_def_release(&s->def);
	strmap_release(&s->index);
	for (size_t i = 0; i < s->block_cap; i++)
		free(s->blocks[i]);
	free(s->blocks);
	free(s);
}

bool stream_always_carries(struct text event_name)
{
	return text_is(event_name, "left") || text_is(event_name, "bulk") ||
	       text_is(event_name, "schema");
}

bool stream_carries(const struct stream *s, struct text event_name)
{
	if (s->def.events == NULL || stream_always_carries(event_name))
		return true;
	for (size_t i = 0; i < s->def.event_count; i++)
		if (text_is(event_name, s->def.events[i]))
			return true;
	return false;
}

/* Is this audience key a value of the match's key, as "user_id=7" is of "user_id"? */
static bool key_has_name(struct text key, const char *name, size_t name_len)
{
	return key.len > name_len && key.bytes[name_len] == '=' &&
	       memcmp(key.bytes, name, name_len) == 0;
}

/* The values that an audience has for the match's keys. Those of a level begin at first, and there
 * are count of them. */
struct key_maker {
	const struct stream *stream;
	struct buf *out;
	struct text chosen[STREAM_MATCH_MAX];
	size_t first[STREAM_MATCH_MAX], count[STREAM_MATCH_MAX];
	const struct text *values[STREAM_KEYS_MAX + STREAM_MATCH_MAX];
	size_t used;
	size_t size; /* bytes that all keys will take */
};

/* Passes once over the audience for a level, however many values it has. Returns their length. If
 * they are too many, only count and length are right. */
static size_t find_values(struct key_maker *m, struct keys audience, size_t level)
{
	const char *name = m->stream->def.match_key[level];
	size_t name_len = strlen(name), count = 0, len = 0;

	m->first[level] = m->used;
	for (size_t i = 0; i < audience.count; i++) {
		if (!key_has_name(audience.items[i], name, name_len))
			continue;
		if (m->used < ARRAY_SIZE(m->values))
			m->values[m->used++] = &audience.items[i];
		count++;
		len += audience.items[i].len;
	}
	m->count[level] = count;
	return len;
}

/* Finds all values. Returns how many keys they make. It is 0 if a level has no value, and
 * STREAM_KEYS_MAX + 1 for all that is more than STREAM_KEYS_MAX. */
static uint32_t count_keys(struct key_maker *m, struct keys audience)
{
	size_t levels = m->stream->def.match_count, made = 1;

	m->used = m->size = 0;
	for (size_t level = 0; level < levels; level++) {
		size_t len = find_values(m, audience, level);

		if (m->count[level] == 0)
			return 0;
		if (made > STREAM_KEYS_MAX)
			continue;
		/* Each value goes with each key of the levels before. */
		m->size = m->size * m->count[level] + len * made;
		made *= m->count[level];
	}
	m->size += made * (sizeof(uint32_t) + (levels > 0 ? levels - 1 : 0));
	return made > STREAM_KEYS_MAX ? STREAM_KEYS_MAX + 1 : (uint32_t)made;
}

void stream_append_key(const struct stream *s, const struct text *values, struct buf *out)
{
	size_t count = s->def.match_count;
	uint32_t len = count > 0 ? (uint32_t)count - 1 : 0;

	for (size_t i = 0; i < count; i++)
		len += (uint32_t)values[i].len;
	buf_append(out, &len, sizeof(len));
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(out, '\0');
		buf_append(out, values[i].bytes, values[i].len);
	}
}

/* Makes every combination of values from level on. There are at most STREAM_MATCH_MAX levels. */
static void make_keys(struct key_maker *m, size_t level)
{
	if (level == m->stream->def.match_count) {
		stream_append_key(m->stream, m->chosen, m->out);
		return;
	}
	for (size_t i = 0; i < m->count[level]; i++) {
		m->chosen[level] = *m->values[m->first[level] + i];
		make_keys(m, level + 1);
	}
}

uint32_t stream_append_keys(const struct stream *s, struct keys audience, size_t most,
			    struct buf *out)
{
	struct key_maker m; /* not wiped, because most events have one value */
	uint32_t made;

	m.stream = s;
	m.out = out;
	made = count_keys(&m, audience);
	if (made == 0)
		return 0;
	if (made > STREAM_KEYS_MAX || m.size > most)
		return STREAM_KEYS_MAX + 1;
	make_keys(&m, 0);
	return made;
}

const char *stream_next_key(const char *keys, struct text *ret_key)
{
	uint32_t len;

	memcpy(&len, keys, sizeof(len));
	*ret_key = (struct text){keys + sizeof(len), len};
	return keys + sizeof(len) + len;
}

static struct stream_entry **block_of(const struct stream *s, uint64_t number)
{
	return &s->blocks[number / STREAM_BLOCK & (s->block_cap - 1)];
}

/* Doubles the ring. Blocks keep their numbers. */
static void grow(struct stream *s)
{
	size_t cap = s->block_cap == 0 ? 4 : s->block_cap * 2;
	struct stream_entry **blocks = xcalloc(cap, sizeof(struct stream_entry *));

	for (uint64_t n = s->first / STREAM_BLOCK; n * STREAM_BLOCK < s->next; n++)
		blocks[n & (cap - 1)] = *block_of(s, n * STREAM_BLOCK);
	free(s->blocks);
	s->blocks = blocks;
	s->block_cap = cap;
}

static void add_block(struct stream *s)
{
	if (s->next / STREAM_BLOCK - s->first / STREAM_BLOCK >= s->block_cap)
		grow(s);
	*block_of(s, s->next) = xmalloc(STREAM_BLOCK * sizeof(struct stream_entry));
}

/* Forgets the oldest entry. The last entry of a block takes the block along. */
static void forget(struct stream *s)
{
	if (++s->first % STREAM_BLOCK != 0)
		return;
	free(*block_of(s, s->first - 1));
	*block_of(s, s->first - 1) = NULL;
}

void stream_trim(struct stream *s, const struct sharedlog *log)
{
	while (s->first < s->next && !sharedlog_holds(log, stream_entry_at(s, s->first)->record))
		forget(s);
}

uint64_t stream_push(struct stream *s, const struct sharedlog *log,
		     const struct stream_entry *entry)
{
	stream_trim(s, log);
	if (s->next % STREAM_BLOCK == 0)
		add_block(s);
	(*block_of(s, s->next))[s->next % STREAM_BLOCK] = *entry;
	return s->next++;
}

uint64_t stream_find(const struct stream *s, struct cursor after)
{
	uint64_t low = s->first, high = s->next;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (cursor_compare(stream_entry_at(s, mid)->at, after) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void stream_want_form(struct stream *s, enum frame_form form, struct cursor head)
{
	if (stream_has_form(s, form))
		return;
	s->forms |= 1u << form;
	s->form_since[form] = head;
}

static struct cursor later(struct cursor a, struct cursor b)
{
	return cursor_compare(a, b) > 0 ? a : b;
}

struct cursor stream_floor(const struct stream *s, const struct sharedlog *log,
			   enum frame_form form)
{
	return later(later(s->since, log->floor), s->form_since[form]);
}

struct audience *stream_audience(struct stream *s, const char *key, size_t len)
{
	return strmap_get(&s->index, key, len);
}

struct audience *stream_audience_make(struct stream *s, const char *key, size_t len)
{
	struct audience *a = strmap_get(&s->index, key, len);

	if (a != NULL)
		return a;
	a = xmalloc(sizeof(*a) + len);
	list_init(&a->seats);
	a->key_len = len;
	memcpy(a->key, key, len);
	strmap_put(&s->index, key, len, a);
	return a;
}

void stream_audience_drop(struct stream *s, struct audience *a)
{
	if (!list_empty(&a->seats))
		return;
	strmap_remove(&s->index, a->key, a->key_len);
	free(a);
}
