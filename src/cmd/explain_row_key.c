/* SPDX-License-Identifier: PostgreSQL */
/* explain_row_key.c: reads which row is asked for. Names of tables and keys may both have colons.
 */
#include "cmd/explain_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "auth/json.h"
#include "cmd/tablename.h"

#define NAME_MAX_LEN 600 /* two quoted names, each of 63 bytes, and more than that */

const char *row_at(const PGresult *res, int column)
{
	return PQgetisnull(res, 0, column) ? NULL : PQgetvalue(res, 0, column);
}

void row_release(struct row *row)
{
	PQclear(row->watch);
	PQclear(row->texts);
	free(row->table);
	free(row->key);
}

/* --- the table --- */

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

/* --- the watch --- */

/* The table itself, or the nearest one above it that is watched. */
static const char watch_sql[] =
	"WITH a AS (SELECT c.oid, c.relkind, format('%I.%I', n.nspname, c.relname) AS name,"
	"  coalesce((SELECT w.target::oid FROM herald.watches w WHERE w.target = c.oid),"
	"   (SELECT w.target::oid FROM pg_partition_ancestors(c.oid) WITH ORDINALITY p (id, at)"
	"     JOIN herald.watches w ON w.target = p.id ORDER BY p.at LIMIT 1), c.oid) AS target"
	"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid ="
	"  $1::regclass)"
	" SELECT a.name, a.relkind, format('%I.%I', n.nspname, c.relname), w.id, w.topic,"
	" NOT herald.hangs(w), f.reason, array_to_string(w.exclude, ', '),"
	" array_to_string(w.columns, ', '), array_to_string(w.audience, ', '),"
	" (SELECT count(*) FROM herald.rules r WHERE r.target = w.target),"
	" herald.key_columns(w) <> '{}', k.* FROM a JOIN pg_class c ON c.oid = a.target"
	" JOIN pg_namespace n ON n.oid = c.relnamespace"
	" LEFT JOIN herald.watches w ON w.target = c.oid"
	" LEFT JOIN herald.faults f ON f.watch = w.id,"
	" LATERAL (SELECT count(*), array_agg(k.name ORDER BY k.at),"
	"  string_agg(k.name, ', ' ORDER BY k.at),"
	"  string_agg(format('$%s::text AS k%1$s', k.at), ', ' ORDER BY k.at),"
	"  string_agg(format('$1::jsonb ->> %L AS k%s', k.name, k.at), ', ' ORDER BY k.at),"
	"  string_agg(format('k%s::%s::text', k.at, k.type), ', ' ORDER BY k.at),"
	"  string_agg(format('k%1$s::%2$s = k%1$s::%3$s', k.at, k.any_length, k.type), ' AND '"
	"   ORDER BY k.at),"
	"  string_agg(format('$%s::text::%s AS k%1$s', k.at, k.type), ', ' ORDER BY k.at),"
	"  string_agg(format('t.%I = k.k%s', k.name, k.at), ' AND ' ORDER BY k.at),"
	"  string_agg(format('%L, k.k%s', k.name, k.at), ', ' ORDER BY k.at)"
	"  FROM (SELECT o.at, t.attname::text AS name, format_type(t.atttypid, t.atttypmod) AS "
	"type,"
	"    format_type(t.atttypid, -1) AS any_length FROM pg_index i,"
	"    unnest(i.indkey::int2[]) WITH ORDINALITY o (n, at), pg_attribute t"
	"   WHERE i.indrelid = c.oid AND i.indisprimary AND o.at <= i.indnkeyatts"
	"    AND t.attrelid = c.oid AND t.attnum = o.n) k) k";

bool row_read_watch(struct row *row, struct explain *e)
{
	const char *name = row->table;

	row->watch = explain_query(e, watch_sql, 1, &name);
	if (row->watch == NULL || PQntuples(row->watch) == 1)
		return row->watch != NULL;
	fprintf(stderr, "pgherald: there is no table '%s'\n", row->table);
	return false;
}

/* --- the values --- */

/* Is the key an object with all these columns? Otherwise it is a value that begins with a brace. */
static bool is_object(const char *key, const PGresult *watch, struct explain *e)
{
	const char *names = row_at(watch, ROW_NAMES);
	struct json_object *object = json_parse(key, strlen(key));
	PGresult *res = NULL;
	bool is = false;

	if (json_object_is_type(object, json_type_object))
		res = explain_query(e, "SELECT $2::jsonb ?& $1::text[]", 2,
				    (const char *const[]){names, key});
	if (res != NULL)
		is = *PQgetvalue(res, 0, 0) == 't';
	PQclear(res);
	json_object_put(object);
	return is;
}

/* False if there are fewer or more values than columns. A key of one column may have commas. */
static bool split(struct row *row, size_t columns)
{
	char *rest = row->key, *value;

	if (columns == 1) {
		row->values[row->count++] = row->key;
		return true;
	}
	while (row->count < columns && (value = strsep(&rest, ",")) != NULL)
		row->values[row->count++] = value;
	return rest == NULL && row->count == columns;
}

/* Each value as its type writes it. False if one of them is NULL, or longer than its column. */
static bool take_texts(struct row *row, size_t columns)
{
	bool fits = PQntuples(row->texts) == 1 && *PQgetvalue(row->texts, 0, (int)columns) == 't';

	row->count = columns;
	for (size_t i = 0; fits && i < columns; i++) {
		row->values[i] = row_at(row->texts, (int)i);
		fits = row->values[i] != NULL;
	}
	return fits;
}

bool row_read_values(struct row *row, struct explain *e, bool *ret_fits)
{
	size_t columns = (size_t)atoi(row_at(row->watch, ROW_KEYS));
	bool object = columns > 0 && is_object(row->key, row->watch, e);
	char *sql;

	*ret_fits = false;
	if (columns == 0 || columns > ROW_KEYS_MAX)
		return true;
	if (object)
		row->values[row->count++] = row->key;
	else if (!split(row, columns))
		return true;
	sql = xasprintf("SELECT %s, %s FROM (SELECT %s) k", row_at(row->watch, ROW_TEXTS),
			row_at(row->watch, ROW_EXACT),
			row_at(row->watch, object ? ROW_JSON : ROW_PLAIN));
	row->texts = explain_query(e, sql, (int)row->count, row->values);
	free(sql);
	*ret_fits = row->texts != NULL && take_texts(row, columns);
	return row->texts != NULL;
}
