/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/tablename.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "pg/migrate.h"

/* Each table by its whole name, and by the short one if the search path finds it. */
static const char all[] =
	"SELECT k.name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL"
	" (VALUES (format('%I.%I', n.nspname, c.relname)), (CASE WHEN pg_table_is_visible(c.oid)"
	" THEN quote_ident(c.relname) END)) k (name) WHERE c.relkind IN ('r', 'p') AND k.name"
	" IS NOT NULL AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'herald')"
	" AND n.nspname !~ '^pg_' ORDER BY 1";

static void complain(PGconn *pg, const char *name)
{
	PGresult *res = migrate_query(pg, all, 0, NULL);
	struct nearest nearest;
	char *hint;

	if (res == NULL)
		return;
	nearest_begin(&nearest, name, strlen(name));
	for (int row = 0; row < PQntuples(res); row++)
		nearest_try(&nearest, PQgetvalue(res, row, 0));
	hint = nearest_hint(&nearest, "");
	fprintf(stderr, "pgherald: there is no table '%s'%s\n", name, hint);
	free(hint);
	PQclear(res);
}

bool tablename_is_known(PGconn *pg, const char *name)
{
	int known;

	if (name[0] != '\0' && strspn(name, "0123456789") == strlen(name))
		return true;
	known = migrate_query_yes(pg, "SELECT to_regclass($1) IS NOT NULL", 1, &name);
	if (known == 0)
		complain(pg, name);
	return known > 0;
}
