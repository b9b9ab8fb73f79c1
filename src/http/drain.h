/* SPDX-License-Identifier: PostgreSQL */
/*
 * drain.h: throws away what a client sends and nobody reads. If it stayed in the socket, close()
 * would reset the connection, and the answer would be lost.
 */
#ifndef HTTP_DRAIN_H
#define HTTP_DRAIN_H

/*
 * DRAIN_ENDED: the client has ended its side. It may have closed the connection, or may still read
 * (RFC 9112 calls that half-closed). Only bytes that are sent to it tell these apart.
 */
enum drain { DRAIN_MORE, DRAIN_ENDED, DRAIN_BROKEN };

/*
 * Throws away what has come, up to 64 KiB. DRAIN_MORE: more may come. DRAIN_BROKEN: the connection
 * is of no use, or the client sends too much.
 */
enum drain drain(int fd);

#endif
