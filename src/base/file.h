/* SPDX-License-Identifier: PostgreSQL */
/*
 * file.h: a small file as a whole, for configuration and keys. Regular files only: a FIFO or a
 * device would keep a daemon waiting that reads its keys anew. What was read is wiped when it is
 * released, for it may be a secret.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/base.h"

struct file {
	char *bytes; /* owned; a NUL behind the last; NULL: nothing was read */
	size_t len;
	mode_t mode; /* of the file that was read, not of a symbolic link to it */
};

/* The file, up to `most` bytes. False: *ret_why says why not, behind "cannot read 'x': ", until the
 * next call. */
MUST_CHECK bool file_read(struct file *f, const char *path, size_t most, const char **ret_why);
void file_release(struct file *f);

#endif
