/* SPDX-License-Identifier: PostgreSQL */
/*
 * file.h: reads a small file as a whole, for configuration and keys.
 *
 * Only regular files are read. A FIFO or a device would keep a daemon waiting while it reads its
 * keys again. The bytes may be a secret, so file_release wipes them.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/base.h"

struct file {
	char *bytes; /* owned; a NUL follows the last; NULL if nothing was read */
	size_t len;
	mode_t mode; /* of the file that was read, not of a symbolic link to it */
};

/*
 * Reads the file at path, which may have up to `most` bytes. Returns false if it cannot. Then
 * *ret_why says why, in words that follow "cannot read 'x': ". They are valid until the next call.
 */
MUST_CHECK bool file_read(struct file *f, const char *path, size_t most, const char **ret_why);
/*
 * Says in a sentence with its remedy who else can get at the file. NULL: only its owner and its
 * group can. Others may read what is no secret, but write neither.
 */
MUST_CHECK const char *file_exposure(const struct file *f, bool secret);
/* Wipes and frees the bytes. Harmless if there are none. */
void file_release(struct file *f);

#endif
