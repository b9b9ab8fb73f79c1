/* SPDX-License-Identifier: PostgreSQL */
/*
 * process.h: what this process uses of its machine, for whoever measures it.
 *
 * A look costs a few system calls. Before Linux 6.2 it costs one more for each descriptor.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stddef.h>
#include <stdint.h>

struct process_use {
	int64_t cpu_ms;                         /* of all threads, in user and system mode */
	uint64_t resident_bytes, virtual_bytes; /* 0 where /proc is not mounted */
	size_t files, files_most;               /* descriptors: how many are open, and the limit */
};

void process_look(struct process_use *ret);

/* How many descriptors are open. It tries each, as process_look does on kernels that do not say. */
size_t process_try_files(void);

#endif
