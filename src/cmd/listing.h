/* SPDX-License-Identifier: PostgreSQL */
/*
 * listing.h: a list of what the database has, for people or as JSON. People get aligned columns, a
 * line each. A terminal that is too narrow gets the beginning of each line.
 */
#ifndef CMD_LISTING_H
#define CMD_LISTING_H

#include "cli.h"

struct listing {
	/* Its columns are texts. Their names are the headings. */
	const char *sql;
	const char *json;  /* yields one JSON array, as text */
	const char *empty; /* what to say, and to do, where there is none */
};

/* Runs a command that has the flag json, and takes no argument. Returns the exit status. */
int listing_run(struct cli_call *call, const char *command, const struct listing *listing);

#endif
