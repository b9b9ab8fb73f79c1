/* SPDX-License-Identifier: PostgreSQL */
/*
 * passfile.h: whether libpq may read passwords from the file where it looks for them.
 *
 * That file is passfile, PGPASSFILE or ~/.pgpass. libpq does not use a file that is not plain, or
 * that others can read. It says so on stderr itself. That line would stand between the lines of our
 * log, and libpq would wait for the reader of stderr.
 */
#ifndef PG_PASSFILE_H
#define PG_PASSFILE_H

#include <stdbool.h>

#include "base/buf.h"

/* A path where no file can be. libpq says nothing of a file that is not there. */
#define PASSFILE_NONE "/dev/null/none"

/* False if libpq is to have PASSFILE_NONE. why then says what is wrong. True also if libpq needs no
 * file. */
MUST_CHECK bool passfile_is_usable(const char *conninfo, struct buf *why);

#endif
