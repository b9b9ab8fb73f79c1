/* SPDX-License-Identifier: PostgreSQL */
#include "base/xalloc.h"

#include <malloc.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* log_error would not do, because it allocates. A file that takes nothing now is not waited for.
 * Otherwise this process would not end. What was logged before follows (log_detach). */
NORETURN static void out_of_memory(void)
{
	static const char words[] = "out of memory\n";
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	if (poll(&p, 1, 0) == 1)
		(void)!write(STDERR_FILENO, words, sizeof(words) - 1);
	abort();
}

static void *checked(void *ptr)
{
	if (ptr == NULL)
		out_of_memory();
	return ptr;
}

/* Zero bytes are rounded up to one, because malloc(0) may return NULL without having failed. */
void *xmalloc(size_t size)
{
	return checked(malloc(size > 0 ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return checked(count > 0 && size > 0 ? calloc(count, size) : calloc(1, 1));
}

void *xrealloc(void *ptr, size_t size)
{
	return checked(realloc(ptr, size > 0 ? size : 1));
}

char *xstrdup(const char *text)
{
	return checked(strdup(text));
}

char *xstrndup(const char *text, size_t len)
{
	return checked(strndup(text, len));
}

char *xasprintf(const char *fmt, ...)
{
	char *text;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len == -1)
		out_of_memory();
	return text;
}

#ifdef __GLIBC__
#define LARGE (256 << 10)

void xalloc_give_back_large(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, 4 * LARGE);
}

void xalloc_give_back(void)
{
	(void)malloc_trim(0);
}
#else
void xalloc_give_back_large(void)
{
}

void xalloc_give_back(void)
{
}
#endif
