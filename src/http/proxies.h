/* SPDX-License-Identifier: PostgreSQL */
/*
 * proxies.h: the proxies in front of us that are believed, and the client that a request comes
 * from. Pure.
 *
 * A proxy says whom it speaks for:
 *
 * - by X-Forwarded-For, to which each proxy adds whom it was asked by
 * - by Forwarded (RFC 7239), where the request has no X-Forwarded-For
 * - by a PROXY head before the request (proxyhead.h)
 *
 * Anybody can send these. So they count only from an address of the option trusted-proxies. They
 * are read from the end, where the nearest proxy has written. The first address that is not trusted
 * is the client's. What stands before it is the client's own word.
 */
#ifndef HTTP_PROXIES_H
#define HTTP_PROXIES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/text.h"

#define PROXIES_MAX 64
#define PROXIES_ADDRESS_MAX 64 /* bytes of an address as a text */

/* An IPv4 address is in its form of IPv6, ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2). */
struct proxies_net {
	unsigned char bytes[16];
	unsigned bits; /* how many of them count */
};

struct proxies {
	struct proxies_net nets[PROXIES_MAX];
	size_t count;
	bool local; /* whoever comes by a unix socket */
};

/*
 * Reads addresses and networks such as 10.0.0.0/8 or fd00::/8, and the word unix, joined by commas.
 * NULL is an empty list. Returns NULL, or the first piece that is none of these, or one too many.
 * It points into list.
 */
const char *proxies_read(struct proxies *p, const char *list);

bool proxies_trust(const struct proxies *p, const struct sockaddr *peer);

/* The address of a peer as a text. `unix` for a unix socket. An IPv4 address has its own form. */
void proxies_print(const struct sockaddr *peer, char ret_address[PROXIES_ADDRESS_MAX]);

/*
 * The address of the client as a text. The lists are what all fields of the name say, joined by
 * commas, and those of Forwarded by line ends. Their bytes are NULL if the request has no such
 * field.
 */
void proxies_client(const struct proxies *p, const struct sockaddr *peer,
		    struct text x_forwarded_for, struct text forwarded,
		    char ret_address[PROXIES_ADDRESS_MAX]);

#endif
