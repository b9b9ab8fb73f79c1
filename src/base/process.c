/* SPDX-License-Identifier: PostgreSQL */
#include "base/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"

/* A short file of /proc. Empty if it cannot be read. */
static void read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, out, size - 1);

	out[got < 0 ? 0 : got] = '\0';
	if (fd >= 0)
		close(fd);
}

/* The highest descriptor has a number below this. */
static int table_size(void)
{
	char text[4096], *at;

	read_text("/proc/self/status", text, sizeof(text));
	at = strstr(text, "\nFDSize:");
	return at == NULL ? 0 : atoi(at + strlen("\nFDSize:"));
}

size_t process_try_files(void)
{
	size_t count = 0;

	for (int fd = table_size() - 1; fd >= 0; fd--)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* Since Linux 6.2 the size of this directory is their number. To list it would take far longer. */
static size_t count_files(void)
{
	struct stat list;

	if (stat("/proc/self/fd", &list) == 0 && list.st_size > 0)
		return (size_t)list.st_size;
	return process_try_files();
}

static void look_at_memory(struct process_use *ret)
{
	char text[256];
	unsigned long long size = 0, resident = 0;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	read_text("/proc/self/statm", text, sizeof(text));
	(void)sscanf(text, "%llu %llu", &size, &resident);
	ret->virtual_bytes = size * page;
	ret->resident_bytes = resident * page;
}

void process_look(struct process_use *ret)
{
	struct timespec cpu;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	ret->cpu_ms = (int64_t)cpu.tv_sec * 1000 + cpu.tv_nsec / 1000000;
	look_at_memory(ret);
	ret->files = count_files();
	ret->files_most = files_limit();
}
