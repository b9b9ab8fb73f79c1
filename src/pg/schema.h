/* SPDX-License-Identifier: PostgreSQL */
/*
 * schema.h: which version of the schema herald fits a program.
 *
 * A program needs all migrations that it brings. It goes on with newer ones, unless the name of one
 * ends in `_breaking`. So instances of two versions serve one database, while they are replaced one
 * by one.
 */
#ifndef PG_SCHEMA_H
#define PG_SCHEMA_H

#include <stdbool.h>

/* What a query of herald.migrations yields for them, as two bigints. */
#define SCHEMA_NEWEST "max(version)::bigint"
#define SCHEMA_BREAKING "coalesce(max(version) FILTER (WHERE name ~ '_breaking$'), 0)::bigint"

struct schema_version {
	int newest;   /* 0 if there is no schema, -1 if it is not known yet */
	int breaking; /* the newest migration that no older program goes on with; 0 if none */
};

static inline bool schema_fits(struct schema_version there, int program)
{
	return there.newest >= program && there.breaking <= program;
}

#endif
