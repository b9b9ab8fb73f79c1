/* SPDX-License-Identifier: PostgreSQL */
/*
 * files.h: the descriptors of this process: how many it may have, and what it keeps of them for
 * itself. A connection to PostgreSQL must find one whatever clients do, so those who let clients in
 * stop at files_kept() before the end.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* Opens 0, 1 and 2 where they are closed: a socket of that number would get what is written to
 * stderr. What stands there then can neither be read nor written, so who writes to a stdout that
 * was closed is told. */
void files_open_standard(void);

/* The soft limit is for old programs that call select(); ours becomes the hard one. */
void files_raise_limit(void);
size_t files_limit(void); /* the soft limit as it is now: others can change it */

/* How many of this limit are not for clients, and how many may be streams: the rest is for requests
 * of another kind. */
size_t files_kept(size_t limit);
size_t files_for_streams(size_t limit);

#endif
