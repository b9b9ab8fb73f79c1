/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/uninstall.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "pg/migrate.h"

#define HERALD "'herald'::regnamespace"

/* Roles that have a right in the schema and do not own it. */
#define GRANTED                                                                              \
	"(SELECT DISTINCT a.grantee FROM (SELECT n.nspacl AS acl FROM pg_namespace n WHERE " \
	"n.oid = " HERALD                                                                    \
	" UNION ALL SELECT c.relacl FROM pg_class c WHERE c.relnamespace = " HERALD          \
	" UNION ALL SELECT p.proacl FROM pg_proc p WHERE p.pronamespace = " HERALD ") k,"    \
	" aclexplode(k.acl) a WHERE a.grantee <> 0 AND a.grantee <>"                         \
	" (SELECT n.nspowner FROM pg_namespace n WHERE n.oid = " HERALD "))"

/*
 * Publications that publish tables of the schema and nothing else. PostgreSQL 15 brought those of
 * whole schemas, which may be empty.
 */
#define PUBLISHED                                                                 \
	"(SELECT p.pubname FROM pg_publication p WHERE NOT p.puballtables AND"    \
	" (SELECT bool_and(t.schemaname = 'herald') FROM pg_publication_tables t" \
	"   WHERE t.pubname = p.pubname)%s)"
#define NO_OTHER_SCHEMA                                                                   \
	" AND NOT EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnpubid = p.oid" \
	" AND s.pnnspid <> " HERALD ")"

static const char *other_schemas(PGconn *pg)
{
	return PQserverVersion(pg) >= 150000 ? NO_OTHER_SCHEMA : "";
}

/* What goes. Triggers that partitions have from their parent go with those of the parent. */
static const char goes[] =
	"SELECT 'triggers', format('%%s of %%I.%%I', count(*), n.nspname, c.relname)"
	" FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = " HERALD
	" JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE n.oid <> " HERALD " AND t.tgparentid = 0 GROUP BY n.nspname, c.relname"
	" UNION ALL SELECT 'event trigger', e.evtname::text FROM pg_event_trigger e"
	" JOIN pg_proc p ON p.oid = e.evtfoid WHERE p.pronamespace = " HERALD
	" UNION ALL SELECT 'schema', format('herald: %%s tables, %%s views, %%s functions',"
	"  count(*) FILTER (WHERE c.relkind = 'r'), count(*) FILTER (WHERE c.relkind = 'v'),"
	"  (SELECT count(*) FROM pg_proc p WHERE p.pronamespace = " HERALD "))"
	" FROM pg_class c WHERE c.relnamespace = " HERALD
	" UNION ALL SELECT 'rights', 'in the schema, of role ' || "
	"quote_ident(g.grantee::regrole::text)"
	" FROM " GRANTED " g UNION ALL SELECT 'publication', quote_ident(u.pubname::text) ||"
	" ', which has only tables of herald' FROM " PUBLISHED " u";

/* What is defined and kept there. A schema in parts may lack one of these tables. */
static const char holds[] =
	"SELECT 'defined', concat_ws(', ', (SELECT 'watched tables ' || count(*) FROM "
	"herald.watches),"
	" (SELECT 'rules ' || count(*) FROM herald.rules),"
	" (SELECT 'streams ' || count(*) FROM herald.streams),"
	" (SELECT 'actions ' || count(*) FROM herald.actions),"
	" (SELECT 'forwards ' || count(*) FROM herald.forwards))"
	" UNION ALL SELECT 'log', format('%s events, %s', (SELECT count(*) FROM herald.changes),"
	" pg_size_pretty(pg_total_relation_size('herald.changes')))"
	" UNION ALL SELECT 'stays', 'function ' || f FROM (SELECT s.authorize FROM herald.streams s"
	" UNION SELECT s.snapshot FROM herald.streams s"
	" UNION SELECT substr(m.value, 10) FROM herald.streams s, jsonb_each_text(s.match) m"
	"  WHERE starts_with(m.value, 'function:')"
	" UNION SELECT a.function FROM herald.actions a) k (f) WHERE f IS NOT NULL"
	" UNION ALL SELECT 'stays', 'role ' || quote_ident(g.grantee::regrole::text) FROM " GRANTED
	" g";

/* Daemons hold advisory locks of ours, or name their sessions. */
static const char running[] =
	"SELECT 'running', format('pgherald serve, as role %s, from %s: stop it first, for its "
	"streams"
	" get nothing more', a.usename, coalesce(host(a.client_addr), 'this machine'))"
	" FROM pg_stat_activity a WHERE a.datname = current_database()"
	" AND a.pid <> pg_backend_pid() AND (a.application_name ~ '^pgherald(-| )' OR EXISTS"
	"  (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory'"
	"    AND l.classid = 1751478881)) GROUP BY a.usename, a.client_addr";

static bool print_rows(PGconn *pg, const char *sql)
{
	PGresult *res = migrate_query(pg, sql, 0, NULL);

	if (res == NULL)
		return false;
	for (int row = 0; row < PQntuples(res); row++)
		printf("  %-12s  %s\n", PQgetvalue(res, row, 0), PQgetvalue(res, row, 1));
	PQclear(res);
	return true;
}

static bool is_whole(PGconn *pg)
{
	return migrate_query_yes(
		       pg,
		       "SELECT count(to_regclass('herald.' || t)) = 6 FROM"
		       " unnest('{watches,rules,streams,actions,changes,forwards}'::text[]) t",
		       0, NULL) > 0;
}

bool uninstall_survey(PGconn *pg)
{
	char *sql = xasprintf(goes, other_schemas(pg));
	bool good = print_rows(pg, sql);

	free(sql);
	if (good && is_whole(pg))
		good = print_rows(pg, holds);
	return good && print_rows(pg, running);
}

/*
 * What depends on the schema and is not of it: views, columns, functions, constraints. A rule
 * stands for its view. Publications lose single tables, and stay.
 */
static const char strangers[] =
	"WITH ours AS (SELECT 'pg_class'::regclass AS class, c.oid FROM pg_class c"
	"   WHERE c.relnamespace = " HERALD
	" UNION ALL SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p WHERE p.pronamespace = " HERALD
	" UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.typnamespace = " HERALD
	"), theirs AS (SELECT DISTINCT CASE WHEN r.oid IS NOT NULL THEN 'pg_class'::regclass"
	"    ELSE d.classid END AS class, coalesce(r.ev_class, d.objid) AS oid,"
	"   CASE WHEN r.oid IS NOT NULL THEN 0 ELSE d.objsubid END AS sub"
	" FROM pg_depend d JOIN ours o ON o.class = d.refclassid AND o.oid = d.refobjid"
	" LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid"
	" WHERE d.deptype IN ('n', 'a') AND d.classid <> 'pg_publication_rel'::regclass)"
	" SELECT coalesce(string_agg(k.says, ', ' ORDER BY k.says), '') FROM ("
	"SELECT pg_describe_object(t.class, t.oid, t.sub) AS says FROM theirs t"
	" LEFT JOIN pg_class c ON t.class = 'pg_class'::regclass AND c.oid = t.oid"
	" LEFT JOIN pg_proc p ON t.class = 'pg_proc'::regclass AND p.oid = t.oid"
	" LEFT JOIN pg_type y ON t.class = 'pg_type'::regclass AND y.oid = t.oid"
	" LEFT JOIN pg_constraint n ON t.class = 'pg_constraint'::regclass AND n.oid = t.oid"
	" LEFT JOIN pg_attrdef a ON t.class = 'pg_attrdef'::regclass AND a.oid = t.oid"
	" LEFT JOIN pg_class ac ON ac.oid = a.adrelid"
	" LEFT JOIN pg_trigger g ON t.class = 'pg_trigger'::regclass AND g.oid = t.oid"
	" LEFT JOIN pg_proc gp ON gp.oid = g.tgfoid"
	" WHERE coalesce(c.relnamespace, p.pronamespace, y.typnamespace, n.connamespace,"
	"  ac.relnamespace, gp.pronamespace, 0) <> " HERALD
	" UNION ALL SELECT 'subscription ' || quote_ident(s.subname) FROM pg_subscription s"
	" JOIN pg_subscription_rel r ON r.srsubid = s.oid JOIN pg_class c ON c.oid = r.srrelid"
	" WHERE c.relnamespace = " HERALD ") k";

bool uninstall_is_free(PGconn *pg)
{
	char *text = migrate_query_text(pg, strangers, 0, NULL);
	bool is_free = text != NULL && text[0] == '\0';

	if (text != NULL && !is_free)
		fprintf(stderr,
			"pgherald: nothing was changed. This is not pgherald's, and depends on the "
			"schema herald: %s. Drop it first, or make it do without\n",
			text);
	free(text);
	return is_free;
}

char *uninstall_ddl(PGconn *pg)
{
	char *sql = xasprintf(
		"SELECT concat((SELECT string_agg(format('DROP PUBLICATION %%I; ',"
		" u.pubname), '') FROM " PUBLISHED
		" u), CASE WHEN to_regclass('pgherald_dev.made') IS NOT NULL THEN 'DROP TABLE "
		"pgherald_dev.made; DROP SCHEMA pgherald_dev; ' END, 'DROP SCHEMA herald CASCADE')",
		other_schemas(pg));
	char *ddl = migrate_query_text(pg, sql, 0, NULL);

	free(sql);
	return ddl;
}
