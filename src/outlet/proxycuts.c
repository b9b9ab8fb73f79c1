/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/proxycuts.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/xalloc.h"

#define DAY_MS 86400000

/* One client, and how its last connections ended. */
struct cut {
	struct list link; /* of fresh or known */
	char *key;
	size_t key_len;
	/* When its last connection ended. Once something was learned, when that was. */
	int64_t touched_ms;
	struct proxycuts_end end; /* of the last connection, until the client is back */
	bool away;
	/* Of the last connection that ended and came back. */
	int64_t silent_ms, age_ms;
	unsigned silences, ages; /* how many in a row had about the same */
	/* It is cut after this much silence. 0 if not known. */
	int64_t idle_ms;
	int64_t by_age_ms; /* it is cut at this age; 0 if not known */
};

/* Different clients that have taught the same. */
struct chorus {
	uint64_t voices[PROXYCUTS_TEACHERS];
	size_t count;
};

struct cut_path {
	struct chorus teachers, doubters;
	int64_t since_ms;  /* when there were enough of either; 0 if never yet */
	int64_t idle_ms;   /* what the teachers say */
	int64_t by_age_ms; /* what the doubters say */
	int64_t told_ms;   /* when an operator was told; 0 if not yet */
};

void proxycuts_init(struct proxycuts *c)
{
	*c = (struct proxycuts){.learned = 0};
	strmap_init(&c->clients);
	strmap_init(&c->paths);
	list_init(&c->fresh);
	list_init(&c->known);
}

static void forget(struct proxycuts *c, struct cut *k)
{
	list_remove(&k->link);
	c->known_count -= k->idle_ms > 0 || k->by_age_ms > 0;
	c->learned -= k->idle_ms > 0;
	strmap_remove(&c->clients, k->key, k->key_len);
	free(k->key);
	free(k);
}

void proxycuts_release(struct proxycuts *c)
{
	list_each (node, tmp, &c->fresh)
		forget(c, container_of(node, struct cut, link));
	list_each (node, tmp, &c->known)
		forget(c, container_of(node, struct cut, link));
	strmap_each (struct cut_path, p, &c->paths)
		free(p);
	strmap_release(&c->clients);
	strmap_release(&c->paths);
}

/* Forgets the oldest of the list while it is a day old, or while *count is more than `most`. */
static void thin(struct proxycuts *c, struct list *list, int64_t now_ms, const size_t *count,
		 size_t most)
{
	while (!list_empty(list)) {
		struct cut *k = list_first(list, struct cut, link);

		if (now_ms - k->touched_ms < DAY_MS && *count <= most)
			return;
		forget(c, k);
	}
}

static struct cut *find(struct proxycuts *c, const struct proxycuts_client *who, bool make)
{
	struct buf key;
	struct cut *k;

	buf_init(&key);
	buf_append_str(&key, who->address);
	buf_append_char(&key, '\0');
	buf_append_str(&key, who->user == NULL ? "" : who->user);
	buf_append_char(&key, '\0');
	buf_append_str(&key, who->path);
	k = strmap_get(&c->clients, key.data, key.len);
	if (k == NULL && make) {
		k = xcalloc(1, sizeof(*k));
		k->key_len = key.len;
		k->key = buf_detach(&key);
		list_node_init(&k->link);
		strmap_put(&c->clients, k->key, k->key_len, k);
	}
	buf_release(&key);
	return k;
}

static struct cut_path *find_path(struct proxycuts *c, const char *path, int64_t now_ms, bool make)
{
	struct cut_path *p = strmap_get(&c->paths, path, strlen(path));

	if (p != NULL && p->since_ms > 0 && now_ms - p->since_ms >= DAY_MS)
		*p = (struct cut_path){.since_ms = 0};
	if (p == NULL && make && c->paths.count < PROXYCUTS_PATHS_MOST) {
		p = xcalloc(1, sizeof(*p));
		strmap_put(&c->paths, path, strlen(path), p);
	}
	return p;
}

static bool about(int64_t a, int64_t b)
{
	int64_t more = a > b ? a : b;

	return a > 0 && b > 0 && (a > b ? a - b : b - a) * 10 <= more;
}

static int period_of(int64_t idle_ms)
{
	int64_t period = idle_ms * 6 / 10;

	return (int)(period > PROXYCUTS_PERIOD_LEAST_MS ? period : PROXYCUTS_PERIOD_LEAST_MS);
}

/*
 * True if this is the voice that makes them enough. A voice is a user, or the address of an
 * anonymous one. Clients are no voices, because one user can easily be many of them.
 */
static bool joins(struct chorus *s, uint64_t voice)
{
	if (s->count == PROXYCUTS_TEACHERS)
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (s->voices[i] == voice)
			return false;
	s->voices[s->count++] = voice;
	return s->count == PROXYCUTS_TEACHERS;
}

static uint64_t voice_of(const struct proxycuts *c, const struct proxycuts_client *who)
{
	const char *name = who->user != NULL ? who->user : who->address;

	return hash_bytes(c->clients.hash_key, name, strlen(name)) ^ (who->user != NULL);
}

/* --- learning --- */

static void teach_path(struct proxycuts *c, const struct proxycuts_client *who, const struct cut *k,
		       int64_t now_ms)
{
	struct cut_path *p = find_path(c, who->path, now_ms, true);

	/* No single client changes what enough of them have said. */
	if (p == NULL || about(p->by_age_ms, k->age_ms) || p->teachers.count == PROXYCUTS_TEACHERS)
		return;
	if (!about(p->idle_ms, k->idle_ms)) {
		p->teachers.count = 0;
		p->idle_ms = k->idle_ms;
	}
	if (k->idle_ms < p->idle_ms)
		p->idle_ms = k->idle_ms;
	if (!joins(&p->teachers, voice_of(c, who)))
		return;
	p->doubters.count = 0;
	p->since_ms = now_ms;
	log_info("[STREAM] '%s': %d clients were cut after about %.1f s of silence: new ones are "
		 "pinged every %.1f s",
		 who->path, PROXYCUTS_TEACHERS, (double)p->idle_ms / 1000,
		 period_of(p->idle_ms) / 1000.0);
}

static void settle(struct proxycuts *c, struct cut *k, int64_t now_ms)
{
	list_remove(&k->link);
	list_append(&c->known, &k->link);
	k->touched_ms = now_ms;
	thin(c, &c->known, now_ms, &c->known_count, PROXYCUTS_LEARNED_MOST);
}

static void learn(struct proxycuts *c, const struct proxycuts_client *who, struct cut *k,
		  int64_t idle_ms, int64_t now_ms)
{
	if (k->idle_ms > 0 && idle_ms >= k->idle_ms) /* the time only gets shorter */
		return;
	c->known_count += k->idle_ms == 0 && k->by_age_ms == 0;
	c->learned += k->idle_ms == 0;
	k->idle_ms = idle_ms;
	log_info("[STREAM] '%s' by '%s' from %s was cut after %.1f s of silence again: it is "
		 "pinged every %.1f s",
		 who->path, who->user == NULL ? "" : who->user, who->address,
		 (double)idle_ms / 1000, period_of(idle_ms) / 1000.0);
	teach_path(c, who, k, now_ms);
	settle(c, k, now_ms);
}

static void doubt_path(struct proxycuts *c, const struct proxycuts_client *who, const struct cut *k,
		       int64_t now_ms)
{
	struct cut_path *p = find_path(c, who->path, now_ms, true);

	if (p == NULL)
		return;
	if (joins(&p->doubters, voice_of(c, who))) {
		p->teachers.count = 0;
		p->by_age_ms = k->by_age_ms;
		p->since_ms = now_ms;
	}
	if (p->told_ms > 0 && now_ms - p->told_ms < DAY_MS)
		return;
	p->told_ms = now_ms;
	log_warn("[STREAM] a proxy ends connections of '%s' after %.1f s, pings or not: raise its "
		 "read timeout",
		 who->path, (double)k->by_age_ms / 1000);
}

static void unlearn(struct proxycuts *c, const struct proxycuts_client *who, struct cut *k,
		    int64_t now_ms)
{
	c->known_count += k->idle_ms == 0 && k->by_age_ms == 0;
	c->learned -= k->idle_ms > 0;
	c->unlearned++;
	k->idle_ms = 0;
	k->silences = 0;
	k->by_age_ms = k->age_ms;
	doubt_path(c, who, k, now_ms);
	settle(c, k, now_ms);
}

/* The client is back, so its last end counts. */
static void count(struct proxycuts *c, const struct proxycuts_client *who, struct cut *k,
		  int64_t now_ms)
{
	const struct proxycuts_end *e = &k->end;
	int64_t former_ms = k->silent_ms;
	bool telling = e->silent_ms >= PROXYCUTS_SILENCE_LEAST_MS && e->silent_ms <= e->period_ms &&
		       e->others <= PROXYCUTS_OTHERS_MOST && !about(e->age_ms, k->by_age_ms);

	k->ages = about(e->age_ms, k->age_ms) ? k->ages + 1 : 1;
	k->silences = !telling                                            ? 0
		      : k->silences > 0 && about(e->silent_ms, former_ms) ? k->silences + 1
									  : 1;
	k->age_ms = e->age_ms;
	k->silent_ms = e->silent_ms;
	if (e->learned_ms > 0 && k->ages > 2 && e->silent_ms < e->learned_ms * 3 / 2)
		unlearn(c, who, k, now_ms);
	else if (k->silences >= 2 + e->others)
		learn(c, who, k, e->silent_ms < former_ms ? e->silent_ms : former_ms, now_ms);
}

/* --- what connections tell and ask --- */

void proxycuts_ended(struct proxycuts *c, const struct proxycuts_client *who,
		     const struct proxycuts_end *end)
{
	struct cut *k = find(c, who, end->silent_ms >= PROXYCUTS_SILENCE_LEAST_MS);

	if (k == NULL)
		return;
	k->end = *end;
	k->away = true;
	if (k->idle_ms == 0 && k->by_age_ms == 0) {
		k->touched_ms = end->now_ms;
		list_remove(&k->link);
		list_append(&c->fresh, &k->link);
	}
	thin(c, &c->fresh, end->now_ms, &c->clients.count, PROXYCUTS_MOST);
	thin(c, &c->known, end->now_ms, &c->known_count, PROXYCUTS_LEARNED_MOST);
}

static int64_t path_idle_ms(struct proxycuts *c, const char *path, int64_t now_ms)
{
	struct cut_path *p = find_path(c, path, now_ms, false);

	return p == NULL || p->teachers.count < PROXYCUTS_TEACHERS ? 0 : p->idle_ms;
}

int proxycuts_opened(struct proxycuts *c, const struct proxycuts_client *who, int64_t now_ms,
		     int64_t patience_ms)
{
	struct cut *k = find(c, who, false);
	int64_t idle_ms = path_idle_ms(c, who->path, now_ms);

	if (k != NULL && now_ms - k->touched_ms >= DAY_MS) {
		forget(c, k);
		k = NULL;
	}
	if (k == NULL)
		return idle_ms > 0 ? period_of(idle_ms) : 0;
	if (k->away && now_ms - k->end.now_ms <= patience_ms)
		count(c, who, k, now_ms);
	else if (k->away) /* it went away for longer, and that says nothing */
		k->silences = k->ages = 0;
	k->away = false;
	if (k->by_age_ms > 0 && k->idle_ms == 0)
		return 0;
	if (k->idle_ms > 0 && (idle_ms == 0 || k->idle_ms < idle_ms))
		idle_ms = k->idle_ms;
	return idle_ms > 0 ? period_of(idle_ms) : 0;
}
