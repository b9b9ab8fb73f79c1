/* SPDX-License-Identifier: PostgreSQL */
/* base.h: the few compiler attributes and macros that every room uses. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stddef.h>

/* The result of this function says whether it worked: ignoring it is an error. */
#define MUST_CHECK __attribute__((warn_unused_result))
/* Arguments are a printf format at position fmt and its values from position args. */
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN __attribute__((noreturn))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The struct of this type whose member is at ptr. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#endif
