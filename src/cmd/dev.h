/* SPDX-License-Identifier: PostgreSQL */
/*
 * dev.h: a try beside a database. It notes what it makes there in the table pgherald_dev.made, in
 * the transaction that makes it. So it can be taken away after a crash, too, and nothing else is.
 *
 * Its streams ask for a claim with a word that nobody else knows. Another daemon of the database
 * shows them to nobody.
 */
#ifndef CMD_DEV_H
#define CMD_DEV_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/base.h"
#include "base/secret.h"

/* The stream that the terminal shows: all rows of all tables. Those of tables are below it. */
#define DEV_EVENTS "/dev"

struct dev {
	PGconn *pg;
	const char *audience; /* NULL: each stream shows all rows */
	char word[SECRET_TEXT_MAX], secret[SECRET_TEXT_MAX];
	int port, admin_port;
};

/* In all of these, false if it failed, and stderr says why. */

/* Notes that the schema herald is to be made, and then that it is this one. */
MUST_CHECK bool dev_note_schema(struct dev *d);
MUST_CHECK bool dev_note_made(struct dev *d);
/* Watches the table unless it is watched, and makes its stream. Says so. */
MUST_CHECK bool dev_add_table(struct dev *d, const char *table);
/* Makes the stream of all tables that dev shows. */
MUST_CHECK bool dev_add_events(struct dev *d);
MUST_CHECK bool dev_cleanup(PGconn *pg);

/* The path of the table's stream, for the caller to free. NULL if it has none. */
char *dev_path(struct dev *d, const char *table);
/* A routing value of some row of the table, for the caller to free. NULL if it has none. */
char *dev_some_value(struct dev *d, const char *table);

/* Serves until a signal or an end, and shows events. Returns the exit status. */
int dev_run(struct dev *d, const char *database_url, const char *table);

#endif
