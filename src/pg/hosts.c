/* SPDX-License-Identifier: PostgreSQL */
#include "pg/hosts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "pg/conninfo.h"
#include "pg/passfile.h"

static void on_patience(struct timer *t);

void hosts_init(struct hosts *h, struct loop *loop, void (*known)(struct hosts *h))
{
	*h = (struct hosts){.loop = loop, .known = known};
	timer_init(&h->patience, on_patience);
	buf_init(&h->host);
	buf_init(&h->hostaddr);
	buf_init(&h->port);
}

static void empty_lists(struct hosts *h)
{
	h->usable = 0;
	buf_release(&h->host);
	buf_release(&h->hostaddr);
	buf_release(&h->port);
}

void hosts_release(struct hosts *h)
{
	loop_stop_timer(h->loop, &h->patience);
	for (size_t i = 0; i < h->count; i++) {
		lookup_stop(&h->items[i].lookup);
		free(h->items[i].name);
		free(h->items[i].address);
		free(h->items[i].port);
	}
	h->count = 0;
	empty_lists(h);
}

/* --- as libpq reads it --- */

static size_t count_of(const char *list)
{
	size_t count = 1;

	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

/* Returns the i-th item of a list. A single item answers for any i. For the caller to free. */
static char *item_of(const char *list, size_t i)
{
	for (; i > 0 && strchr(list, ',') != NULL; i--)
		list = strchr(list, ',') + 1;
	return xstrndup(list, strcspn(list, ","));
}

/* The path of a socket, an abstract socket and the default are no names. */
static bool is_name(const struct host *host)
{
	return host->address[0] == '\0' && host->name[0] != '\0' && host->name[0] != '/' &&
	       host->name[0] != '@' && !lookup_is_number(host->name);
}

/* Returns how many hosts there are. Addresses count if there are any, and names otherwise. 0 if
 * there are none, or too many. 0 also if the lists do not fit together, of which libpq
 * complains. */
static size_t count_items(const char *name, const char *address, const char *port)
{
	size_t count = count_of(address[0] == '\0' ? name : address);

	if ((name[0] == '\0' && address[0] == '\0') || count > HOSTS_MAX ||
	    (name[0] != '\0' && count_of(name) != count) ||
	    (count_of(port) != 1 && count_of(port) != count))
		return 0;
	return count;
}

static void on_found(struct lookup *l);

/* Returns how many of them are names. */
static size_t take_items(struct hosts *h, const char *name, const char *address, const char *port)
{
	size_t names = 0, count = count_items(name, address, port);

	for (h->count = 0; h->count < count; h->count++) {
		struct host *host = &h->items[h->count];

		*host = (struct host){
			.of = h, .name = item_of(name, h->count), .port = item_of(port, h->count)};
		host->address = item_of(address, h->count); /* "" if no addresses are written */
		host->is_name = is_name(host);
		if (host->address[0] == '\0' && lookup_is_number(host->name)) {
			free(host->address);
			host->address = xstrdup(host->name);
		}
		lookup_init(&host->lookup, on_found);
		names += host->is_name;
	}
	return names;
}

/* --- asking --- */

/* What libpq is to try, in order. */
struct entry {
	const struct host *host;
	const char *address;
};

static size_t collect(const struct hosts *h, struct entry *entries)
{
	size_t count = 0;

	for (size_t i = 0; i < h->count; i++) {
		const struct host *host = &h->items[i];

		if (!host->is_name)
			entries[count++] = (struct entry){host, host->address};
		for (size_t a = 0; a < host->lookup.count; a++)
			entries[count++] = (struct entry){host, host->lookup.addresses[a]};
	}
	return count;
}

static void put(struct hosts *h, const char *name, const char *address, const char *port)
{
	const char *comma = h->usable == 0 ? "" : ",";

	buf_appendf(&h->host, "%s%s", comma, name);
	buf_appendf(&h->hostaddr, "%s%s", comma, address);
	buf_appendf(&h->port, "%s%s", comma, port);
	h->usable++;
}

/* Puts the only one that is left of several. libpq takes an empty list for no list, and reads what
 * is written instead. So if the address or the port is empty, the entry stands twice. */
static void put_alone(struct hosts *h, const char *name, const char *address, const char *port)
{
	put(h, name, address, port);
	if (address[0] == '\0' || port[0] == '\0')
		put(h, name, address, port);
}

static void make_lists(struct hosts *h)
{
	struct entry entries[HOSTS_MAX * LOOKUP_ADDRESSES_MAX];
	size_t count = collect(h, entries);

	empty_lists(h);
	for (size_t i = 0; i < count; i++) {
		const struct entry *e = &entries[(h->first + i) % count];

		(count == 1 && h->count > 1 ? put_alone : put)(h, e->host->name, e->address,
							       e->host->port);
	}
}

static void conclude(struct hosts *h)
{
	loop_stop_timer(h->loop, &h->patience);
	for (size_t i = 0; i < h->count; i++)
		if (h->items[i].is_name && !h->items[i].answered)
			lookup_stop(&h->items[i].lookup);
	make_lists(h);
	h->known(h);
}

/* True if no answer is awaited any more. If not patient, one usable host is enough. */
static bool is_over(const struct hosts *h, bool patient)
{
	size_t waiting = 0, usable = 0;

	for (size_t i = 0; i < h->count; i++) {
		waiting += h->items[i].is_name && !h->items[i].answered;
		usable += !h->items[i].is_name || h->items[i].lookup.count > 0;
	}
	return waiting == 0 || (!patient && usable > 0);
}

static void on_found(struct lookup *l)
{
	struct host *host = container_of(l, struct host, lookup);
	struct hosts *h = host->of;

	host->answered = true;
	if (is_over(h, timer_pending(&h->patience)))
		conclude(h);
}

static void on_patience(struct timer *t)
{
	struct hosts *h = container_of(t, struct hosts, patience);

	if (is_over(h, false))
		conclude(h);
}

bool hosts_find(struct hosts *h, const char *conninfo)
{
	/* It need not look for passwords. */
	PQconninfoOption *options = conninfo_read(conninfo, "passfile", PASSFILE_NONE);
	size_t names = 0;

	hosts_release(h);
	if (options != NULL)
		names = take_items(h, conninfo_value(options, "host"),
				   conninfo_value(options, "hostaddr"),
				   conninfo_value(options, "port"));
	PQconninfoFree(options);
	if (names == 0 && h->count > 1)
		make_lists(h);
	if (names == 0)
		return false;
	loop_set_timer(h->loop, &h->patience, HOSTS_PATIENCE_MS);
	for (size_t i = 0; i < h->count; i++)
		if (h->items[i].is_name)
			lookup_start(h->loop, &h->items[i].lookup, h->items[i].name);
	return true;
}

bool hosts_usable(const struct hosts *h, struct buf *why)
{
	const struct host *first = &h->items[0]; /* a name, because all are */

	if (h->usable == 0)
		buf_appendf(why, "could not translate host name \"%s\" to address: %s", first->name,
			    first->lookup.error);
	return h->usable > 0;
}

/* Compares without the interface of a link-local address, because libpq does not tell that. The
 * bytes are compared, because one address has several spellings. */
static bool is_same_address(const char *a, const char *b)
{
	unsigned char bytes[2][sizeof(struct in6_addr)];
	const char *texts[] = {a, b};
	int family = strchr(a, ':') == NULL ? AF_INET : AF_INET6;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char text[INET6_ADDRSTRLEN];

		if (snprintf(text, sizeof(text), "%.*s", (int)strcspn(texts[i], "%"), texts[i]) >=
			    (int)sizeof(text) ||
		    inet_pton(family, text, bytes[i]) != 1)
			return false;
	}
	return memcmp(bytes[0], bytes[1],
		      family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr)) == 0;
}

/* True if the entry is at this place. A port that is not written is the default one, and fits any.
 * A socket has no address and goes by its path. That may be the default one too. */
static bool is_at(const struct entry *e, const struct hosts_place *place)
{
	if (e->host->port[0] != '\0' && strcmp(e->host->port, place->port) != 0)
		return false;
	if (e->address[0] != '\0' || place->address[0] != '\0')
		return is_same_address(e->address, place->address);
	return e->host->name[0] == '\0' || strcmp(e->host->name, place->name) == 0;
}

/* Returns the index of the first entry at that place, in the order of the lists. count if it is not
 * among them. */
static size_t find_place(const struct hosts *h, const struct entry *entries, size_t count,
			 const struct hosts_place *place)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = (h->first + i) % count;

		if (is_at(&entries[at], place))
			return at;
	}
	return count;
}

/* If the place is not in the lists, the entry that they begin with is skipped. Whatever the place
 * is, the daemon must not be stuck there. */
void hosts_skip(struct hosts *h, const struct hosts_place *place)
{
	struct entry entries[HOSTS_MAX * LOOKUP_ADDRESSES_MAX];
	size_t count = collect(h, entries), at = find_place(h, entries, count, place);

	if (count == 0)
		return;
	h->silent++;
	h->first = (at == count ? h->first % count : at) + 1;
}

void hosts_only(struct hosts *h, const struct hosts *other, const struct hosts_place *place)
{
	struct entry entries[HOSTS_MAX * LOOKUP_ADDRESSES_MAX];
	size_t count = collect(other, entries), at = find_place(other, entries, count, place);
	bool found = at < count;
	const char *name =
		found && entries[at].host->name[0] != '\0' ? entries[at].host->name : place->name;

	hosts_release(h);
	(count > 1 ? put_alone : put)(h, name, found ? entries[at].address : place->address,
				      place->port);
}

struct hosts_place hosts_place_of(const PGconn *pg)
{
	return (struct hosts_place){PQhost(pg), PQhostaddr(pg), PQport(pg)};
}

void hosts_begin_with(struct hosts *h, const struct hosts_place *place)
{
	struct entry entries[HOSTS_MAX * LOOKUP_ADDRESSES_MAX];
	size_t count = collect(h, entries), at = find_place(h, entries, count, place);

	if (h->usable == 0 || h->silent > 0 || at == count)
		return;
	h->first = at;
	make_lists(h);
}

void hosts_worked(struct hosts *h)
{
	h->first = h->silent = 0;
}

int hosts_connect_ms(const struct hosts *h)
{
	return h->usable > 1 && h->silent < h->usable ? HOSTS_PATIENCE_MS : HOSTS_CONNECT_MS;
}
