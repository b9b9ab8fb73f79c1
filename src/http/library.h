/* SPDX-License-Identifier: PostgreSQL */
/*
 * library.h: libmicrohttpd at work inside our loop. Its epoll is nested in ours. It has no thread
 * and no listening socket of its own. It only gets connections with a head that is known to be well
 * (head.h).
 *
 * The library takes and wipes a whole pool of memory for each connection. So there are two
 * libraries, an ordinary one and one with room for the largest head that head.h accepts.
 */
#ifndef HTTP_LIBRARY_H
#define HTTP_LIBRARY_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/loop.h"

struct library_calls {
	/* with the head alone, then with each piece of the body, then once more */
	MHD_AccessHandlerCallback request;
	/*
	 * The target as it was sent, in the library's buffer. The return value becomes the
	 * request's state.
	 */
	void *(*target)(void *ctx, const char *raw, struct MHD_Connection *connection);
	/* decodes the path in place and returns its new length */
	size_t (*path)(void *ctx, struct MHD_Connection *connection, char *path);
	MHD_NotifyConnectionCallback visit; /* one begins, within library_take, or ends */
};

struct library {
	struct loop *loop;
	struct MHD_Daemon *daemon; /* NULL if it does not run */
	struct watch watch;
	struct timer timer; /* when it wants to be called again */
};

void library_init(struct library *l, struct loop *loop);

/* `memory` is in bytes for each connection. False if it did not start, and the log says why. */
MUST_CHECK bool library_start(struct library *l, size_t memory, unsigned connections,
			      const struct library_calls *calls, void *ctx);

/*
 * Takes the socket over. False if the library does not want it and has closed it. The connection
 * has its turn soon, or when library_run is called.
 */
MUST_CHECK bool library_take(struct library *l, int fd, const struct sockaddr *address,
			     socklen_t len);
void library_run(struct library *l); /* harmless if it does not run */
void library_stop(struct library *l);

#endif
