/* SPDX-License-Identifier: PostgreSQL */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

static bool is_regular(int fd, struct stat *ret_st, const char **ret_why)
{
	if (fstat(fd, ret_st) != 0) {
		*ret_why = strerror(errno);
		return false;
	}
	*ret_why = S_ISDIR(ret_st->st_mode) ? "it is a directory" : "it is not a regular file";
	return S_ISREG(ret_st->st_mode);
}

/* Reads up to the end of the file, or size bytes. */
static bool read_all(int fd, char *bytes, size_t size, size_t *ret_len, const char **ret_why)
{
	ssize_t got = 1;

	*ret_len = 0;
	while (*ret_len < size && got != 0) {
		got = read(fd, bytes + *ret_len, size - *ret_len);
		if (got < 0 && errno != EINTR) {
			*ret_why = strerror(errno);
			return false;
		}
		*ret_len += got > 0 ? (size_t)got : 0;
	}
	return true;
}

bool file_read(struct file *f, const char *path, size_t most, const char **ret_why)
{
	/* Without O_NONBLOCK, open() of a FIFO waits for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	size_t size;
	bool good;

	*f = (struct file){.bytes = NULL};
	*ret_why = strerror(errno);
	if (fd == -1)
		return false;
	good = is_regular(fd, &st, ret_why);
	if (good) {
		/* Files of /proc say that they have 0 bytes. */
		size = st.st_size > 0 && (uintmax_t)st.st_size < most ? (size_t)st.st_size : most;
		f->mode = st.st_mode;
		f->bytes = xcalloc(1, size + 2);
		good = read_all(fd, f->bytes, size + 1, &f->len, ret_why);
		if (good && f->len > size) {
			*ret_why =
				size < most ? "it has grown while it was read" : "it is too large";
			good = false;
		}
	}
	close(fd);
	if (!good)
		file_release(f);
	return good;
}

const char *file_exposure(const struct file *f, bool secret)
{
	if (!(f->mode & (secret ? S_IROTH | S_IWOTH : S_IWOTH)))
		return NULL;
	return secret ? "everybody can read or write this file: chmod 600 it (in Kubernetes, "
			"defaultMode: 0440)"
		      : "everybody can write this file: chmod 644 it (in Kubernetes, defaultMode: "
			"0440)";
}

void file_release(struct file *f)
{
	if (f->bytes != NULL)
		explicit_bzero(f->bytes, f->len);
	free(f->bytes);
	*f = (struct file){.bytes = NULL};
}
