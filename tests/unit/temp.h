/* SPDX-License-Identifier: PostgreSQL */
/* temp.h: a directory for the files of a test, and what a test writes to stderr. Included last, it
 * brings unit.h. */
#ifndef TESTS_UNIT_TEMP_H
#define TESTS_UNIT_TEMP_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char temp_dir[64];

static inline void temp_open(void)
{
	snprintf(temp_dir, sizeof(temp_dir), "/tmp/pgherald-unit-XXXXXX");
	assert_non_null(mkdtemp(temp_dir));
}

/* The path of a file in there; valid until the fourth call from now. */
static inline const char *temp_path(const char *name)
{
	static char paths[4][128];
	static int next;

	next = (next + 1) % 4;
	snprintf(paths[next], sizeof(paths[next]), "%s/%s", temp_dir, name);
	return paths[next];
}

static inline const char *temp_write(const char *name, const void *bytes, size_t len)
{
	const char *path = temp_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
	return path;
}

static inline void temp_close(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r '%s'", temp_dir);
	assert_int_equal(system(command), 0);
}

static int said_stderr, said_fd;
static char said[16 * 1024];

static inline void listen_start(void)
{
	fflush(stderr);
	said_stderr = dup(STDERR_FILENO);
	said_fd = memfd_create("stderr", MFD_CLOEXEC);
	assert_int_equal(dup2(said_fd, STDERR_FILENO), STDERR_FILENO);
}

/* Afterwards said holds it. */
static inline void listen_stop(void)
{
	ssize_t len;

	fflush(stderr);
	len = pread(said_fd, said, sizeof(said) - 1, 0);
	dup2(said_stderr, STDERR_FILENO);
	close(said_stderr);
	close(said_fd);
	said[len < 0 ? 0 : len] = '\0';
}

#endif
