/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain_row.h: which row is asked for. The text is "TABLE:KEY". The key is one value, or several
 * joined by commas, or a JSON object of all columns of the primary key.
 */
#ifndef CMD_EXPLAIN_ROW_H
#define CMD_EXPLAIN_ROW_H

#include "cmd/explain.h"

#define ROW_KEYS_MAX 32 /* columns that an index can have */

/* What is asked for. It is released with row_release, whatever was read. */
struct row {
	char *table;     /* owned; NULL if none was found */
	char *key;       /* owned */
	PGresult *watch; /* owned: the row of enum row_watch; NULL before row_read_watch */
	/* the key's values, as the database writes them, and room for three more parameters */
	const char *values[ROW_KEYS_MAX + 3]; /* borrowed from `key` and `texts` */
	size_t count;                         /* of the values */
	PGresult *texts;                      /* owned */
};

/* What is known of the table, or of the watched one that it is a partition of. */
enum row_watch {
	ROW_ASKED, /* the table that was named */
	ROW_KIND,  /* its relkind */
	ROW_TABLE, /* the one that is watched */
	ROW_ID,    /* of the watch; NULL if there is none, like all that follow but the key's */
	ROW_TOPIC,
	ROW_UNHUNG,
	ROW_FAULT,
	ROW_EXCLUDE,
	ROW_COLUMNS,
	ROW_AUDIENCE,
	ROW_RULES,
	ROW_TELLS_KEY, /* do its events have the key? */
	/* The columns of the primary key: how many, an array, and a list. */
	ROW_KEYS,
	ROW_NAMES,
	ROW_LIST,
	/* Pieces of SQL about them, where the value of the second one is k2. */
	ROW_PLAIN, /* "$1::text AS k1, ..." */
	ROW_JSON,  /* "$1::jsonb ->> 'id' AS k1, ..." */
	ROW_TEXTS, /* "k1::integer::text, ..." */
	ROW_EXACT, /* true if no value is cut by its column's length */
	ROW_CASTS, /* "$1::text::integer AS k1, ..." */
	ROW_FINDS, /* "t.id = k.k1 AND ..." */
	ROW_GIVEN, /* "'id', k.k1, ..." */
};

/*
 * Splits the text at the last colon that has the name of a table before it. Returns the exit
 * status. If it is not EXIT_DONE, stderr says why.
 */
int row_read(struct row *row, PGconn *pg, const char *text);
/* False if the database could not be asked, and stderr says why. */
MUST_CHECK bool row_read_watch(struct row *row, struct explain *e);
/* A column of the watch. NULL for NULL. Borrowed. */
const char *row_at(const PGresult *res, int column);
/*
 * Reads the key's values. False if the database could not be asked. *ret_fits is false if the key
 * has not one value for each column, and none that is too long for it.
 */
MUST_CHECK bool row_read_values(struct row *row, struct explain *e, bool *ret_fits);
void row_release(struct row *row);

#endif
