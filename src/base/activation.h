/* SPDX-License-Identifier: PostgreSQL */
/*
 * activation.h: listening sockets that whoever has started this program has made for it
 * (sd_listen_fds(3)). systemd does that for the units of a socket. It keeps them while this program
 * is restarted, so that connections wait and none is refused.
 *
 * The sockets stay open until the program ends. A copy of each is given out for its address.
 */
#ifndef BASE_ACTIVATION_H
#define BASE_ACTIVATION_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/* How many sockets were handed over. */
size_t activation_count(void);
/*
 * A copy of the socket that listens at this address: it does not block and is closed by exec. The
 * caller owns it. -1 if none was handed over for it.
 */
int activation_take(const struct sockaddr *address);
/* To be called in a child of `parent` that is to have the parent's sockets. */
void activation_inherit(pid_t parent);

#endif
