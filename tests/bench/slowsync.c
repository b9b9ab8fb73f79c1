/* SPDX-License-Identifier: PostgreSQL */
/*
 * slowsync: makes every flush of a preloaded program take a millisecond longer, as on a cloud disk.
 * Loaded into the PostgreSQL server with LD_PRELOAD; wal_sync_method = fdatasync goes through here.
 * The time is in SLOWSYNC_US, microseconds; without it, 1000.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

typedef int sync_fn(int fd);

static long delay_us = 1000;
static sync_fn *real_fsync, *real_fdatasync;

__attribute__((constructor)) static void load(void)
{
	const char *text = getenv("SLOWSYNC_US");

	if (text != NULL)
		delay_us = atol(text);
	real_fsync = (sync_fn *)dlsym(RTLD_NEXT, "fsync");
	real_fdatasync = (sync_fn *)dlsym(RTLD_NEXT, "fdatasync");
}

static int flush(sync_fn *real, int fd)
{
	struct timespec left = {delay_us / 1000000, delay_us % 1000000 * 1000};

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
	return real(fd);
}

int fsync(int fd)
{
	return flush(real_fsync, fd);
}

int fdatasync(int fd)
{
	return flush(real_fdatasync, fd);
}
