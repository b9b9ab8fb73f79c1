/* SPDX-License-Identifier: PostgreSQL */
/*
 * files.h: how many file descriptors this process may have, and how many it keeps for itself.
 *
 * A connection to PostgreSQL must find a descriptor, whatever clients do. So the code that lets
 * clients in stops files_kept() before the limit.
 */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Opens descriptors 0, 1 and 2 if they are closed. Otherwise a socket could get number 2, and with
 * it what is written to stderr. Descriptor 0 can then not be read, and 1 and 2 cannot be written.
 * So a program that writes to a stdout which was closed gets an error.
 */
void files_open_standard(void);

/* Raises the soft limit to the hard one. The soft limit is for old programs that call select(). */
void files_raise_limit(void);
size_t files_limit(void); /* the soft limit as it is now; others can change it */

/* These divide a limit. files_kept() are not for clients. files_for_streams() may be streams. The
 * rest is for requests of other kinds. */
size_t files_kept(size_t limit);
size_t files_for_streams(size_t limit);

#endif
