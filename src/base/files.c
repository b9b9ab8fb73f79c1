/* SPDX-License-Identifier: PostgreSQL */
#include "base/files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define KEPT 64     /* for the database, the log and configuration files */
#define REQUESTS 64 /* for other requests while all streams are open */
#define SMALL 256   /* up to this limit, half is for streams and a quarter is kept */
/* No limit counts as this one, which leaves 1,000,000 for streams. */
#define UNLIMITED 1000128

/* open() returns the lowest free number, so the loop fills the numbers from 0 up. */
void files_open_standard(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) == -1)
			(void)!open("/", O_PATH);
	}
}

void files_raise_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

size_t files_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
		return UNLIMITED;
	return files.rlim_cur;
}

size_t files_kept(size_t limit)
{
	return limit > SMALL ? KEPT : limit / 4;
}

size_t files_for_streams(size_t limit)
{
	return limit > SMALL ? limit - KEPT - REQUESTS : limit / 2;
}
