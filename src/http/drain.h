/* SPDX-License-Identifier: PostgreSQL */
/*
 * drain.h: throws away what a client sends and nobody reads. If it stayed in the socket, close()
 * would reset the connection, and the answer would be lost.
 */
#ifndef HTTP_DRAIN_H
#define HTTP_DRAIN_H

#include <stdbool.h>

/*
 * Throws away what has come, up to 64 KiB. False if the client has ended the connection, or sends
 * too much.
 */
bool drain(int fd);

#endif
