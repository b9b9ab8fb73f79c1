/* SPDX-License-Identifier: PostgreSQL */
/*
 * nuisance: gives a program another wall clock and a full disk, by LD_PRELOAD. The file that NUISANCE
 * names says so at any time: two int64, the seconds to add, and what is full (0 nothing, 1 base/,
 * 2 pg_wal/).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t nothing[2];
static const volatile int64_t *said = nothing;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("NUISANCE");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, 16, PROT_READ, MAP_SHARED, fd, 0);

	if (map != MAP_FAILED)
		said = map;
	if (fd >= 0)
		close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	if (real == NULL)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	result = real(clock, ts);
	if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		ts->tv_sec += said[0];
	return result;
}

int gettimeofday(struct timeval *tv, void *zone)
{
	struct timespec ts;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *at)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (at != NULL)
		*at = ts.tv_sec;
	return ts.tv_sec;
}

static int is_full(int fd)
{
	char link[40], path[4096];
	ssize_t length;

	if (said[1] == 0)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return 0;
	path[length] = '\0';
	return strstr(path, said[1] == 1 ? "/base/" : "/pg_wal/") != NULL;
}

#define FAILS(name, type, params, args)                                      \
	type name params                                                     \
	{                                                                    \
		static type(*real) params;                                   \
                                                                             \
		if (is_full(fd)) {                                           \
			errno = ENOSPC;                                      \
			return -1;                                           \
		}                                                            \
		if (real == NULL)                                            \
			real = (type(*) params)dlsym(RTLD_NEXT, #name);      \
		return real args;                                            \
	}

FAILS(pwrite, ssize_t, (int fd, const void *buf, size_t n, off_t at), (fd, buf, n, at))
FAILS(pwrite64, ssize_t, (int fd, const void *buf, size_t n, off64_t at), (fd, buf, n, at))
FAILS(write, ssize_t, (int fd, const void *buf, size_t n), (fd, buf, n))
FAILS(pwritev, ssize_t, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
FAILS(pwritev64, ssize_t, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at))
