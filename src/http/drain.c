/* SPDX-License-Identifier: PostgreSQL */
#include "http/drain.h"

#include <errno.h>
#include <sys/socket.h>

enum drain drain(int fd)
{
	char scrap[4096];
	ssize_t n = 0;

	for (int i = 0; i < 16 && (n = recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT)) > 0; i++)
		;
	if (n == 0)
		return DRAIN_ENDED;
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? DRAIN_MORE
										    : DRAIN_BROKEN;
}
