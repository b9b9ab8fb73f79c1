/* SPDX-License-Identifier: PostgreSQL */
/*
 * passfile.h: may libpq take passwords from the file where it looks for them (passfile, PGPASSFILE,
 * ~/.pgpass)? One that is no plain file, or that others can read, it does not use, and says so on
 * stderr itself: between the lines of our log, and waiting for whoever reads it.
 */
#ifndef PG_PASSFILE_H
#define PG_PASSFILE_H

#include <stdbool.h>

#include "base/buf.h"

/* where there can be no file: libpq says nothing of one that is not there */
#define PASSFILE_NONE "/dev/null/none"

/* False: libpq is to have PASSFILE_NONE, and why says what is wrong. True also where it needs none.
 */
MUST_CHECK bool passfile_is_usable(const char *conninfo, struct buf *why);

#endif
