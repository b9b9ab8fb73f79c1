/* SPDX-License-Identifier: PostgreSQL */
/*
 * xalloc.h: allocation that never returns NULL.
 *
 * A daemon that has no memory for a few hundred bytes cannot repair anything either. It says so and
 * aborts. Its supervisor starts it again, and clients resume where they were. free() frees what is
 * allocated here.
 */
#ifndef BASE_XALLOC_H
#define BASE_XALLOC_H

#include <stddef.h>

#include "base/base.h"

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* From now on the kernel gets large blocks back when they are freed. glibc would keep room for the
 * next such block, up to 32 MB. */
void xalloc_give_back_large(void);
/* The kernel gets now what was freed, also between blocks that stay. Takes milliseconds. */
void xalloc_give_back(void);

#endif
