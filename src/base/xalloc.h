/* SPDX-License-Identifier: PostgreSQL */
/*
 * xalloc.h: allocation that never returns NULL. A daemon that has no memory for a few hundred bytes
 * cannot repair anything either: it says so and aborts, its supervisor starts it again, and clients
 * resume where they were. What is allocated here is freed with free().
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

/* From now on the kernel gets what is large back when it is freed. glibc else keeps room for the
 * next such, 32 MB at the most. */
void xalloc_give_back_large(void);

#endif
