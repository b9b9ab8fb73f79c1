/* SPDX-License-Identifier: PostgreSQL */
/* base.h: compiler attributes and macros that every room uses. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stddef.h>

/* The result says whether the function worked. The compiler warns about a caller that ignores
 * it. */
#define MUST_CHECK __attribute__((warn_unused_result))
/* Argument fmt is a printf format, and its values begin at argument args. Both count from 1. */
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The struct of this type whose member is at ptr. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#endif
