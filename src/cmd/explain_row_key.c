/* SPDX-License-Identifier: PostgreSQL */
/* explain_row_key.c: reads which row is asked for. Names of tables and keys may have colons. */
#include "cmd/explain_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cmd/tablename.h"

#define NAME_MAX_LEN 600 /* two quoted names, each of 63 bytes, and more than that */

void row_release(struct row *row)
{
	free(row->table);
	free(row->key);
}

/* A text that cannot be a name is none, so errors are not told. */
static bool is_table(PGconn *pg, const char *name)
{
	PGresult *res = PQexecParams(pg, "SELECT to_regclass($1) IS NOT NULL", 1, NULL, &name, NULL,
				     NULL, 0);
	bool is = PQresultStatus(res) == PGRES_TUPLES_OK && *PQgetvalue(res, 0, 0) == 't';

	PQclear(res);
	return is;
}

/* The length of the longest name of a table that ends before a colon. 0 if there is none. */
static size_t longest_table(PGconn *pg, const char *text)
{
	for (size_t len = strnlen(text, NAME_MAX_LEN); len > 0; len--) {
		char *name;
		bool is;

		if (text[len] != ':' || text[len + 1] == '\0')
			continue;
		name = xstrndup(text, len);
		is = is_table(pg, name);
		free(name);
		if (is)
			return len;
	}
	return 0;
}

/* The length of what is before the first colon that stands in no quotes. */
static size_t likely_table(const char *text)
{
	bool quoted = false;
	size_t len;

	for (len = 0; text[len] != '\0' && (quoted || text[len] != ':'); len++)
		if (text[len] == '"')
			quoted = !quoted;
	return text[len] == '\0' || text[len + 1] == '\0' ? 0 : len;
}

int row_read(struct row *row, PGconn *pg, const char *text)
{
	size_t len = longest_table(pg, text);
	bool found = len > 0;

	if (!found)
		len = likely_table(text);
	if (len == 0)
		return cli_usage("--row is a table and the value of its primary key, such as "
				 "public.orders:46");
	row->table = xstrndup(text, len);
	row->key = xstrdup(text + len + 1);
	return found || tablename_is_known(pg, row->table) ? EXIT_DONE : EXIT_FAILED;
}
