/* SPDX-License-Identifier: PostgreSQL */
#include "http/proxies.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- addresses --- */

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool read_v4(const char *text, unsigned char bytes[16])
{
	memcpy(bytes, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, bytes + sizeof(mapped)) == 1;
}

static bool is_v4(const unsigned char bytes[16])
{
	return memcmp(bytes, mapped, sizeof(mapped)) == 0;
}

/* False if the peer has no address. */
static bool address_of(const struct sockaddr *peer, unsigned char bytes[16])
{
	if (peer->sa_family == AF_INET) {
		memcpy(bytes, mapped, sizeof(mapped));
		memcpy(bytes + sizeof(mapped),
		       &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
		return true;
	}
	if (peer->sa_family != AF_INET6)
		return false;
	memcpy(bytes, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 16);
	return true;
}

static void print(const unsigned char bytes[16], char ret_address[PROXIES_ADDRESS_MAX])
{
	if (is_v4(bytes))
		(void)inet_ntop(AF_INET, bytes + sizeof(mapped), ret_address, PROXIES_ADDRESS_MAX);
	else
		(void)inet_ntop(AF_INET6, bytes, ret_address, PROXIES_ADDRESS_MAX);
}

void proxies_print(const struct sockaddr *peer, char ret_address[PROXIES_ADDRESS_MAX])
{
	unsigned char bytes[16];

	if (address_of(peer, bytes))
		print(bytes, ret_address);
	else
		snprintf(ret_address, PROXIES_ADDRESS_MAX, "%s",
			 peer->sa_family == AF_UNIX ? "unix" : "unknown");
}

/* --- the list --- */

/* "address" or "address/bits". */
static bool read_net(struct text piece, struct proxies_net *net)
{
	char text[PROXIES_ADDRESS_MAX];
	char *slash;
	unsigned most = 128, bits;
	int end = 0;

	if (piece.len == 0 || piece.len >= sizeof(text))
		return false;
	memcpy(text, piece.bytes, piece.len);
	text[piece.len] = '\0';
	slash = strchr(text, '/');
	if (slash != NULL)
		*slash = '\0';
	if (read_v4(text, net->bytes))
		most = 32;
	else if (inet_pton(AF_INET6, text, net->bytes) != 1)
		return false;
	bits = most;
	if (slash != NULL &&
	    (strspn(slash + 1, "0123456789") != strlen(slash + 1) ||
	     sscanf(slash + 1, "%3u%n", &bits, &end) != 1 || slash[1 + end] != '\0' || bits > most))
		return false;
	net->bits = bits + (128 - most);
	return true;
}

static struct text trim(struct text t)
{
	while (t.len > 0 && (t.bytes[0] == ' ' || t.bytes[0] == '\t'))
		t = (struct text){t.bytes + 1, t.len - 1};
	while (t.len > 0 && (t.bytes[t.len - 1] == ' ' || t.bytes[t.len - 1] == '\t'))
		t.len--;
	return t;
}

const char *proxies_read(struct proxies *p, const char *list)
{
	const char *piece = list, *end;

	*p = (struct proxies){.count = 0};
	for (; piece != NULL && *piece != '\0'; piece = end + (*end == ',')) {
		struct text text;

		end = piece + strcspn(piece, ",");
		text = trim((struct text){piece, (size_t)(end - piece)});
		if (text.len == 0)
			continue;
		if (text_is(text, "unix"))
			p->local = true;
		else if (p->count == PROXIES_MAX || !read_net(text, &p->nets[p->count++]))
			return piece;
	}
	return NULL;
}

static bool is_in(const struct proxies_net *net, const unsigned char bytes[16])
{
	size_t whole = net->bits / 8;
	unsigned rest = net->bits % 8;

	return memcmp(net->bytes, bytes, whole) == 0 &&
	       (rest == 0 || (net->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0);
}

static bool trusts(const struct proxies *p, const unsigned char bytes[16])
{
	for (size_t i = 0; i < p->count; i++)
		if (is_in(&p->nets[i], bytes))
			return true;
	return false;
}

bool proxies_trust(const struct proxies *p, const struct sockaddr *peer)
{
	unsigned char bytes[16];

	return address_of(peer, bytes) ? trusts(p, bytes) : peer->sa_family == AF_UNIX && p->local;
}

/* --- what proxies say --- */

/* The last hops of a list. More proxies than that are not in a row. */
#define HOPS 16
struct hops {
	struct text nodes[HOPS]; /* a ring */
	size_t count;            /* of all that were seen */
};

static void add_hop(struct hops *h, struct text node)
{
	h->nodes[h->count++ % HOPS] = node;
}

static void split_x_forwarded_for(struct text list, struct hops *h)
{
	const char *end = list.bytes + list.len;

	for (const char *node = list.bytes, *comma; node <= end; node = comma + 1) {
		comma = memchr(node, ',', (size_t)(end - node));
		if (comma == NULL)
			comma = end;
		add_hop(h, trim((struct text){node, (size_t)(comma - node)}));
	}
}

/*
 * Returns the next of this character that is not in quotes, or end. A line end separates two
 * fields, and ends whatever quotes one of them has left open: then it is NULL.
 */
static const char *next_of(const char *p, const char *end, char wanted)
{
	bool quoted = false;

	for (; p < end && *p != '\n' && (quoted || *p != wanted); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == '\\' && quoted && p + 1 < end && p[1] != '\n')
			p++;
	}
	return quoted ? NULL : p;
}

/* The value of for= in one "name=value;name=value". Its bytes are NULL if there is none. */
static struct text for_of(struct text element)
{
	struct text left = element;

	while (left.len > 0) {
		const char *stop = next_of(left.bytes, left.bytes + left.len, ';');
		size_t len = stop == NULL ? left.len : (size_t)(stop - left.bytes);
		struct text pair = trim((struct text){left.bytes, len});

		if (pair.len > 4 && strncasecmp(pair.bytes, "for=", 4) == 0)
			return (struct text){pair.bytes + 4, pair.len - 4};
		if (len == left.len)
			break;
		left = (struct text){stop + 1, left.len - len - 1};
	}
	return (struct text){NULL, 0};
}

/* A field that is not well formed says nothing of its last hop. */
static void split_forwarded(struct text list, struct hops *h)
{
	const char *end = list.bytes + list.len;

	for (const char *element = list.bytes, *stop; element <= end; element = stop + 1) {
		stop = next_of(element, end, ',');
		if (stop == NULL) {
			add_hop(h, (struct text){NULL, 0});
			stop = memchr(element, '\n', (size_t)(end - element));
			if (stop == NULL)
				return;
			continue;
		}
		add_hop(h, for_of((struct text){element, (size_t)(stop - element)}));
	}
}

/*
 * Reads an address, perhaps with a port: "a.b.c.d:port", "[v6]:port", also in quotes. False for all
 * else, such as unknown.
 */
static bool read_node(struct text node, unsigned char bytes[16])
{
	char text[PROXIES_ADDRESS_MAX], *host = text, *colon;

	if (node.len >= 2 && node.bytes[0] == '"' && node.bytes[node.len - 1] == '"')
		node = (struct text){node.bytes + 1, node.len - 2};
	if (node.len == 0 || node.len >= sizeof(text))
		return false;
	memcpy(text, node.bytes, node.len);
	text[node.len] = '\0';
	if (text[0] == '[') {
		host = text + 1;
		host[strcspn(host, "]")] = '\0';
	} else {
		colon = strchr(text, ':');
		if (colon != NULL && strchr(colon + 1, ':') == NULL)
			*colon = '\0';
	}
	return read_v4(host, bytes) || inet_pton(AF_INET6, host, bytes) == 1;
}

void proxies_client(const struct proxies *p, const struct sockaddr *peer,
		    struct text x_forwarded_for, struct text forwarded,
		    char ret_address[PROXIES_ADDRESS_MAX])
{
	struct hops hops = {.count = 0};
	unsigned char bytes[16];

	proxies_print(peer, ret_address);
	if (!proxies_trust(p, peer))
		return;
	if (x_forwarded_for.bytes != NULL)
		split_x_forwarded_for(x_forwarded_for, &hops);
	else if (forwarded.bytes != NULL)
		split_forwarded(forwarded, &hops);
	for (size_t left = hops.count < HOPS ? hops.count : HOPS; left > 0; left--) {
		if (!read_node(hops.nodes[--hops.count % HOPS], bytes))
			return;
		print(bytes, ret_address);
		if (!trusts(p, bytes))
			return;
	}
}
