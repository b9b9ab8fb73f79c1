/* SPDX-License-Identifier: PostgreSQL */
#include "base/supervisor.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* A name that begins with @ is of the abstract namespace (unix(7)). */
static void tell(const char *state)
{
	const char *place = getenv("NOTIFY_SOCKET");
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t len = place == NULL ? 0 : strlen(place);
	int fd;

	if (len == 0 || len >= sizeof(name.sun_path))
		return;
	memcpy(name.sun_path, place, len);
	if (place[0] == '@')
		name.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&name,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_debug("the supervisor at NOTIFY_SOCKET could not be told");
	if (fd >= 0)
		close(fd);
}

void supervisor_ready(void)
{
	tell("READY=1");
}

void supervisor_reloading(void)
{
	char state[64];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		 clock_mono_ms() * 1000);
	tell(state);
}

void supervisor_stopping(void)
{
	tell("STOPPING=1");
}

int64_t supervisor_watchdog_ms(void)
{
	const char *allowed = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long us = allowed == NULL ? 0 : atoll(allowed);

	if (pid != NULL && atoll(pid) != (long long)getpid())
		return 0;
	return us <= 0 ? 0 : us < 2000 ? 1 : us / 2000;
}

void supervisor_alive(void)
{
	tell("WATCHDOG=1");
}
