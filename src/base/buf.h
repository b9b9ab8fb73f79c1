/* SPDX-License-Identifier: PostgreSQL */
/*
 * buf.h: bytes that grow. data is never NULL and always has a NUL at data[len] (not counted in
 * len), so it can be read as a C string; the bytes themselves may hold NULs. Memory is owned by the
 * buf until buf_detach hands it over. A buf is embedded by value: init, use, release.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

#include "base/base.h"

struct buf {
	char *data;
	size_t len;
	size_t cap; /* 0: data points at a shared empty string and is not ours */
};

void buf_init(struct buf *b);
void buf_release(struct buf *b); /* frees; the buf may be used again as if just initialised */
void buf_clear(struct buf *b);   /* len = 0; keeps the memory */
/* room for extra bytes more, so that appending cannot move */
void buf_reserve(struct buf *b, size_t extra);
void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_append_str(struct buf *b, const char *text);
void buf_append_char(struct buf *b, char c);
void buf_appendf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* forgets all, and gives the memory back where it is more than that */
void buf_trim(struct buf *b, size_t most);
/* forgets the first len bytes (moves the rest down) */
void buf_drop_front(struct buf *b, size_t len);
/* the bytes, for the caller to free; b is empty again */
char *buf_detach(struct buf *b);

/* One JSON string literal with its quotes: escapes quote, backslash and control characters. */
void buf_append_json(struct buf *b, const char *text, size_t len);

#endif
