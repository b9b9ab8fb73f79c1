/* SPDX-License-Identifier: PostgreSQL */
/*
 * proxyhead.h: the head that a proxy may send before the request. It says whom the proxy speaks for
 * (PROXY protocol of HAProxy, doc/proxy-protocol.txt, version 1 as a line and 2 in binary). Pure.
 *
 * Only a proxy that is trusted may send one (proxies.h). It need not.
 */
#ifndef HTTP_PROXYHEAD_H
#define HTTP_PROXYHEAD_H

#include <stddef.h>
#include <sys/socket.h>

/* Bytes of such a head. Version 1 has 107 at most. Version 2 may have fields that say more. */
#define PROXYHEAD_MAX 4096

enum proxyhead {
	PROXYHEAD_NONE, /* the bytes begin otherwise */
	PROXYHEAD_MORE, /* it is not whole yet */
	PROXYHEAD_BAD,
	PROXYHEAD_GOOD,
};

/*
 * Reads what has come of a connection. With GOOD *ret_len is how many bytes the head has, and
 * *address is whom the proxy speaks for. It stays as it was if the proxy speaks for itself, as with
 * a health check, or does not say for whom.
 */
enum proxyhead proxyhead_read(const char *bytes, size_t len, size_t *ret_len,
			      struct sockaddr_storage *address, socklen_t *address_len);

#endif
