/* SPDX-License-Identifier: PostgreSQL */
/* drain.h: what a client says that nobody reads. Left in the socket it would make close() reset the
 * connection, and the answer with it. */
#ifndef HTTP_DRAIN_H
#define HTTP_DRAIN_H

#include <stdbool.h>

/* Throws away what has come, up to 64 KiB. False: the client has ended the connection, or says too
 * much. */
bool drain(int fd);

#endif
