/* SPDX-License-Identifier: PostgreSQL */
/*
 * buf.h: bytes that grow.
 *
 * data is never NULL. A NUL always follows the last byte, and len does not count it. So data can be
 * read as a C string. The bytes themselves may hold NULs. The buf owns its memory until buf_detach
 * hands it over. An owner embeds a buf by value, and calls buf_init first and buf_release last.
 * Nothing here fails, because memory that cannot be had ends the process (xalloc.h).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

#include "base/base.h"

struct buf {
	char *data;
	size_t len;
	size_t cap; /* 0 if data points at a shared empty string, which is not ours */
};

void buf_init(struct buf *b);
void buf_release(struct buf *b); /* frees the memory; the buf is as after buf_init */
void buf_clear(struct buf *b);   /* forgets the bytes, keeps the memory */
/* Makes room for extra more bytes, so that appending them does not move data. */
void buf_reserve(struct buf *b, size_t extra);
/* These append copies. What they copy must not lie in the buf itself. */
void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_append_str(struct buf *b, const char *text);
void buf_append_char(struct buf *b, char c);
void buf_appendf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Forgets the bytes, and gives the memory back if it is more than `most` bytes. */
void buf_trim(struct buf *b, size_t most);
/* Forgets the first len bytes and moves the rest down. */
void buf_drop_front(struct buf *b, size_t len);
/* Returns the bytes, which the caller frees. The buf is empty again. */
char *buf_detach(struct buf *b);

/* Appends text, which is UTF-8, as one JSON string with its quotes. Escapes quotes, backslashes and
 * control characters (RFC 8259, section 7). */
void buf_append_json(struct buf *b, const char *text, size_t len);
/* Appends text as the value of a label of a metric, without its quotes (Prometheus' text format).
 */
void buf_append_label(struct buf *b, const char *text);

#endif
