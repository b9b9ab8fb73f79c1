/* SPDX-License-Identifier: PostgreSQL */
/* dev_database.c: what dev makes in the database, and takes away again. */
#include "cmd/dev.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "pg/migrate.h"
#include "cmd/tablename.h"
#include "cmd/uninstall.h"

#define NOTE "INSERT INTO pgherald_dev.made (what, name, id, of) "
#define ANEW " ON CONFLICT (what, name) DO UPDATE SET id = excluded.id, of = excluded.of"
#define SCHEMA "'herald'::regnamespace::oid"

/*
 * What is noted is that of the schema m.of. In another one of the name it is somebody else's. So is
 * a stream without dev's claim, and a watch with another number or with rules.
 *
 * A stream's m.id is its table, NULL for all of them. A watch's is the number of the watch.
 */
#define STREAMS                                                                             \
	"pgherald_dev.made m JOIN herald.streams s ON m.what = 'stream' AND m.of = " SCHEMA \
	" AND m.name = s.path AND s.require ? 'pgherald_dev'"
#define WATCHES                                                                            \
	"pgherald_dev.made m JOIN herald.watches w ON m.what = 'watch' AND m.of = " SCHEMA \
	" AND m.id = w.id AND NOT EXISTS (SELECT FROM herald.rules r WHERE r.target = w.target)"

static bool make_record(PGconn *pg)
{
	return migrate_exec(pg,
			    "CREATE SCHEMA IF NOT EXISTS pgherald_dev;"
			    "COMMENT ON SCHEMA pgherald_dev IS 'What pgherald dev has made: "
			    "pgherald dev --cleanup takes it away';"
			    "CREATE TABLE IF NOT EXISTS pgherald_dev.made"
			    " (what text, name text, id bigint, of oid, PRIMARY KEY (what, name));"
			    "ALTER TABLE pgherald_dev.made ADD COLUMN IF NOT EXISTS id bigint,"
			    " ADD COLUMN IF NOT EXISTS of oid",
			    0, NULL);
}

bool dev_note_schema(struct dev *d)
{
	return make_record(d->pg) &&
	       migrate_exec(d->pg, NOTE "VALUES ('schema', 'herald', NULL, NULL)" ANEW, 0, NULL);
}

bool dev_note_made(struct dev *d)
{
	return migrate_exec(d->pg,
			    "UPDATE pgherald_dev.made SET of = " SCHEMA
			    " WHERE what = 'schema' AND of IS NULL",
			    0, NULL);
}

/* The whole of it or nothing. */
static bool conclude(PGconn *pg, bool good)
{
	if (good && migrate_exec(pg, "COMMIT", 0, NULL))
		return true;
	PQclear(PQexec(pg, "ROLLBACK"));
	return false;
}

/* --- tables --- */

static bool watch_anew(struct dev *d, const char *table)
{
	const char *params[] = {table, d->audience};
	bool good =
		migrate_exec(d->pg,
			     "SELECT herald.watch($1::regclass, audience => CASE WHEN $2::text IS "
			     "NOT NULL THEN ARRAY[$2::text] END)",
			     2, params) &&
		migrate_exec(d->pg,
			     NOTE "SELECT 'watch', w.target::oid::text, w.id, " SCHEMA
				  " FROM herald.watches w WHERE w.target = $1::regclass" ANEW,
			     1, params);

	if (good)
		printf("watching %s%s%s\n", table, d->audience == NULL ? "" : ", routed by ",
		       d->audience == NULL ? "" : d->audience);
	return good;
}

/* A watch that was there stays as it is. Somebody else needs it so. */
static bool watch(struct dev *d, const char *table)
{
	const char *params[] = {table, d->audience};
	int watched = migrate_query_yes(
		    d->pg,
		    "SELECT EXISTS (SELECT FROM herald.watches w WHERE w.target = "
		    "$1::regclass)",
		    1, params),
	    routed = migrate_query_yes(
		    d->pg,
		    "SELECT NOT EXISTS (SELECT FROM herald.watches w WHERE w.target = "
		    "$1::regclass AND $2::text IS NOT NULL AND $2::text <> ALL (w.audience))",
		    2, params);

	if (watched == 0)
		return watch_anew(d, table);
	if (watched > 0 && routed == 0)
		fprintf(stderr,
			"pgherald: %s is watched already, and not routed by %s: dev changes no "
			"watch that it has not made\n",
			table, d->audience);
	if (watched > 0 && routed > 0)
		printf("%s is watched already\n", table);
	return watched > 0 && routed > 0;
}

/* A path that somebody else has defined stays theirs. */
static bool is_ours(struct dev *d, const char *path)
{
	int taken = migrate_query_yes(
		d->pg,
		"SELECT EXISTS (SELECT FROM herald.streams s WHERE s.path = $1) AND NOT "
		"EXISTS (SELECT FROM " STREAMS " WHERE s.path = $1)",
		1, &path);

	if (taken > 0)
		fprintf(stderr, "pgherald: there is a stream %s that dev has not made\n", path);
	return taken == 0;
}

/* `topics` is an array in SQL, of the table $3. */
static bool add_stream(struct dev *d, const char *path, const char *topics, const char *table)
{
	const char *params[] = {path, d->word, table, d->audience}, *note[] = {path, table};
	char *sql = xasprintf(
		"SELECT herald.stream($1, %s, match => CASE WHEN $3::text IS NOT NULL AND $4::text "
		"IS NOT NULL"
		" THEN jsonb_build_object($4::text, 'claims.sub') ELSE '{}' END,"
		" require => jsonb_build_object('pgherald_dev', jsonb_build_array($2::text)))",
		topics);
	bool good = is_ours(d, path) &&
		    migrate_exec(d->pg,
				 NOTE "VALUES ('stream', $1, $2::regclass::oid, " SCHEMA ")" ANEW,
				 2, note) &&
		    migrate_exec(d->pg, sql, 4, params);

	free(sql);
	return good;
}

/*
 * The path that the table has already, or the first one like its topic that no stream has. A topic
 * without letters is as good as none.
 */
static char *path_for(struct dev *d, const char *table)
{
	return migrate_query_text(
		d->pg,
		"SELECT coalesce((SELECT min(s.path) FROM " STREAMS " WHERE m.id ="
		"  $1::regclass::oid), (SELECT p.path FROM herald.watches w, generate_series(1, "
		"1000) n,"
		"  LATERAL (SELECT '/dev/' || CASE WHEN w.topic ~ '[A-Za-z0-9]' THEN"
		"   regexp_replace(w.topic, '[^A-Za-z0-9._~-]', '-', 'g') ELSE 'table' END ||"
		"   CASE WHEN n > 1 THEN '-' || n ELSE '' END) p (path)"
		"  WHERE w.target = $1::regclass AND NOT EXISTS (SELECT FROM herald.streams s"
		"   WHERE s.path = p.path) ORDER BY n LIMIT 1))",
		1, &table);
}

char *dev_path(struct dev *d, const char *table)
{
	return migrate_query_text(
		d->pg, "SELECT min(s.path) FROM " STREAMS " WHERE m.id = $1::regclass::oid", 1,
		&table);
}

static bool add(struct dev *d, const char *table)
{
	char *path = watch(d, table) ? path_for(d, table) : NULL;
	bool good = path != NULL &&
		    add_stream(d, path,
			       "ARRAY(SELECT w.topic FROM herald.watches w WHERE w.target ="
			       " $3::text::regclass)",
			       table);

	if (good)
		printf("stream %s of %s\n", path, table);
	free(path);
	return good;
}

bool dev_add_table(struct dev *d, const char *table)
{
	return tablename_is_known(d->pg, table) && migrate_exec(d->pg, "BEGIN", 0, NULL) &&
	       conclude(d->pg, make_record(d->pg) && add(d, table));
}

bool dev_add_events(struct dev *d)
{
	return migrate_exec(d->pg, "BEGIN", 0, NULL) &&
	       conclude(d->pg, add_stream(d, DEV_EVENTS,
					  "ARRAY(SELECT DISTINCT unnest(s.topics) FROM " STREAMS
					  " WHERE s.path <> $1 AND $3::text IS NULL)",
					  NULL));
}

char *dev_some_value(struct dev *d, const char *table)
{
	char *column = PQescapeIdentifier(d->pg, d->audience, strlen(d->audience)), *sql, *name,
	     *value;

	name = migrate_query_text(d->pg, "SELECT $1::regclass::text", 1, &table);
	sql = xasprintf("SELECT coalesce((SELECT %s::text FROM %s WHERE %s IS NOT NULL LIMIT 1),"
			" '1')",
			column, name == NULL ? "nothing" : name, column);
	value = migrate_query_text(d->pg, sql, 0, NULL);
	PQfreemem(column);
	free(name);
	free(sql);
	return value;
}

/* --- taking it away --- */

/* Is there such a table, and is something in it? An older schema lacks some. */
static int has_rows(PGconn *pg, const char *table)
{
	char *sql = xasprintf("SELECT EXISTS (SELECT FROM %s)", table);
	int there = migrate_query_yes(pg, "SELECT to_regclass($1) IS NOT NULL", 1, &table),
	    rows = there > 0 ? migrate_query_yes(pg, sql, 0, NULL) : there;

	free(sql);
	return rows;
}

/* True if others have put something into the schema that dev has made. -1 if the database could not
 * be asked. */
static int is_used(PGconn *pg)
{
	static const char *const tables[] = {"herald.watches", "herald.streams", "herald.actions",
					     "herald.revocations", "herald.forwards"};
	int used = 0;

	for (size_t i = 0; used == 0 && i < ARRAY_SIZE(tables); i++)
		used = has_rows(pg, tables[i]);
	return used;
}

/* A dev that was killed may have noted it and no number. */
static bool take_schema(PGconn *pg)
{
	int made = migrate_query_yes(
		    pg,
		    "SELECT EXISTS (SELECT FROM pgherald_dev.made m WHERE m.what = 'schema'"
		    " AND coalesce(m.of, " SCHEMA ") = " SCHEMA ")",
		    0, NULL),
	    used = made > 0 ? is_used(pg) : 0;

	if (used > 0)
		puts("the schema herald stays, for others use it: pgherald uninstall takes it "
		     "away");
	return made == 0 || used > 0 || (made > 0 && used == 0 && uninstall_take(pg));
}

/* A watch that others have given rules is theirs now. */
static bool take_made(PGconn *pg)
{
	return migrate_exec(pg, "SELECT herald.unstream(s.path) FROM " STREAMS, 0, NULL) &&
	       migrate_exec(pg, "SELECT herald.unwatch(w.target) FROM " WATCHES, 0, NULL) &&
	       take_schema(pg);
}

/* A record of an older program lacks columns. */
static bool take_all(PGconn *pg)
{
	int there =
		migrate_query_yes(pg, "SELECT to_regclass('herald.actions') IS NOT NULL", 0, NULL);

	return make_record(pg) && there >= 0 && (there == 0 || take_made(pg)) &&
	       migrate_exec(pg,
			    "DROP TABLE IF EXISTS pgherald_dev.made; DROP SCHEMA IF EXISTS "
			    "pgherald_dev",
			    0, NULL);
}

bool dev_cleanup(PGconn *pg)
{
	int recorded = migrate_query_yes(pg, "SELECT to_regclass('pgherald_dev.made') IS NOT NULL",
					 0, NULL);

	if (recorded == 0)
		puts("pgherald dev has made nothing in this database");
	if (recorded <= 0)
		return recorded == 0;
	if (!migrate_exec(pg, "BEGIN", 0, NULL) || !conclude(pg, take_all(pg)))
		return false;
	puts("what pgherald dev has made is gone");
	return true;
}
