/* SPDX-License-Identifier: PostgreSQL */
/*
 * crew.h: what the workers of one program tell each other, in memory that they share.
 *
 * Each worker writes its own part, and reads those of the others. Nobody waits. If a worker ends,
 * its parent clears its part. Times are milliseconds of the monotonic clock.
 *
 * A program of one process has no crew. All functions take NULL for that.
 */
#ifndef BASE_CREW_H
#define BASE_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/text.h"

#define CREW_MOST 64
#define CREW_TEXT_MAX ((size_t)1 << 20)
#define CREW_SAY_EVERY_MS 1000 /* how often a worker says that it lives */
#define CREW_SILENT_MS 5000    /* a worker that says nothing for so long does not answer */

struct crew;

/* What is counted by name over all workers. */
enum crew_kind { CREW_USER, CREW_ADDRESS };

/* names is how many a worker may count, others are not counted. NULL if there is no memory. */
struct crew *crew_new(size_t workers, size_t names);
void crew_free(struct crew *c);

/* --- a worker --- */

/* This process is the worker of this number, from 0. */
void crew_join(struct crew *c, size_t number);
size_t crew_number(const struct crew *c);
size_t crew_size(const struct crew *c); /* how many workers there are */
/* A name of NULL is not counted. */
void crew_count_up(struct crew *c, enum crew_kind kind, const char *name);
void crew_count_down(struct crew *c, enum crew_kind kind, const char *name);
/* Says how many connections, and requests that may become one, there are here. */
void crew_say_open(struct crew *c, size_t open, size_t waiting);
/*
 * Says that it lives. unready is true if it is not ready for clients. text is for crew_append_texts
 * and is left out if it is longer than CREW_TEXT_MAX.
 */
void crew_say(struct crew *c, int64_t now_ms, bool unready, struct text text);
/* Says that it serves, and that it has read its configuration again. */
void crew_say_serving(struct crew *c);
void crew_say_reloaded(struct crew *c);

/* --- what the others say --- */

size_t crew_count_of_others(const struct crew *c, enum crew_kind kind, const char *name);
/* Connections, and with `waiting` the requests that may become one. */
size_t crew_open_at_others(const struct crew *c, bool waiting);
/* Calls take with the last text of each other worker. */
void crew_each_text(const struct crew *c, void (*take)(void *ctx, struct text text), void *ctx);
/*
 * The number of another worker that does not answer or is not ready. -1 if all are. With
 * `ret_silent` it is said which of both.
 */
int crew_unready(const struct crew *c, int64_t now_ms, bool *ret_silent);

/* --- the parent --- */

/* Clears the part of a worker that has ended. */
void crew_clear(struct crew *c, size_t number);
bool crew_serves(const struct crew *c, size_t number);
uint64_t crew_reloads(const struct crew *c, size_t number);
/* When it has last said that it lives. 0 if never. */
int64_t crew_heard_ms(const struct crew *c, size_t number);

#endif
