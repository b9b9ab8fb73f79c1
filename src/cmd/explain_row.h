/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain_row.h: which row is asked for. The text is "TABLE:KEY". The key is one value, or several
 * joined by commas, or a JSON object of all columns of the primary key.
 */
#ifndef CMD_EXPLAIN_ROW_H
#define CMD_EXPLAIN_ROW_H

#include "cmd/explain.h"

/* What is asked for. It is released with row_release, whatever was read. */
struct row {
	char *table; /* owned; NULL if none was found */
	char *key;   /* owned */
};

/*
 * Splits the text at the last colon that has the name of a table before it. Returns the exit
 * status. If it is not EXIT_DONE, stderr says why.
 */
int row_read(struct row *row, PGconn *pg, const char *text);
void row_release(struct row *row);

#endif
