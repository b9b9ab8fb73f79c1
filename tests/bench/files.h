/* SPDX-License-Identifier: PostgreSQL */
/* files.h: each connection is a descriptor, so these programs take as many as they may. */
#ifndef BENCH_FILES_H
#define BENCH_FILES_H

#include <stdio.h>
#include <sys/resource.h>

/* Raises the soft limit of open files to the hard one. Returns that, or -1 with a sentence on
 * stderr if it is lower than what is needed. */
static long raise_files(long needed)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max == RLIM_INFINITY || (long)limit.rlim_max >= needed)
		return limit.rlim_max == RLIM_INFINITY ? 1 << 20 : (long)limit.rlim_max;
	fprintf(stderr, "This needs %ld open files, and the hard limit (ulimit -Hn) is %ld.\n",
		needed, (long)limit.rlim_max);
	return -1;
}

#endif
