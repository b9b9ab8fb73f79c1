/* SPDX-License-Identifier: PostgreSQL */
/* lists.c: what the database defines: streams, watched tables, their rules, and actions. */
#include "cmd/cmd.h"

#include "cmd/listing.h"

/* What a token must say, such as "role: admin, staff". NULL if nothing. */
#define REQUIRED                                                                                 \
	"(SELECT string_agg(p.words, ' or ') FROM jsonb_array_elements("                         \
	"CASE jsonb_typeof(d.require) WHEN 'array' THEN d.require"                               \
	" ELSE jsonb_build_array(d.require) END) a, LATERAL (SELECT string_agg(e.key || ': ' ||" \
	" (SELECT string_agg(v, ', ') FROM jsonb_array_elements_text(e.value) v), ' and ')"      \
	" AS words FROM jsonb_each(a) e) p)"

/* The names of tables. A table that was dropped has only its number, which unwatch takes. */
#define TABLES                                                                                    \
	" LEFT JOIN (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c" \
	" JOIN pg_namespace n ON n.oid = c.relnamespace) t ON t.oid = d.target"
#define TABLE "coalesce(t.name, d.target::oid || ' (dropped)')"

static const struct listing streams = {
	"SELECT d.path AS path, array_to_string(d.topics, ', ') AS topics,"
	" concat_ws('; ', CASE WHEN d.anonymous THEN 'everyone'"
	"   WHEN d.match = '{}' AND d.require = '{}' AND d.authorize IS NULL THEN 'every user' END,"
	"  (SELECT string_agg(m.key || ' is ' || m.value, ' and ')"
	"     FROM jsonb_each_text(d.match) m), " REQUIRED ","
	"  'asks ' || d.authorize) AS \"who sees it\","
	" concat_ws('; ', 'events ' || array_to_string(d.events, ', '),"
	"  'begins with ' || d.snapshot, CASE WHEN d.sealed THEN 'sealed' END,"
	"  CASE d.format WHEN 'message' THEN 'format message' END,"
	"  'asks again at ' || (SELECT string_agg(k, ', ') FROM jsonb_object_keys(d.recheck) k))"
	"  AS also"
	" FROM herald.streams d ORDER BY d.path COLLATE \"C\"",
	"SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.path COLLATE \"C\"), '[]')::text"
	" FROM herald.streams d",
	"there are no streams. This makes one:\n"
	"  SELECT herald.stream('/my/orders', '{orders}', match => '{\"user_id\": "
	"\"claims.sub\"}')",
};

static const struct listing watches = {
	"SELECT " TABLE " AS \"table\", d.topic AS topic,"
	" coalesce(nullif(array_to_string(d.audience, ', '), ''), 'none') AS audience,"
	" concat_ws(', but not ', CASE WHEN d.columns IS NULL THEN 'all'"
	"   WHEN d.columns = '{}' THEN 'the key' ELSE array_to_string(d.columns, ', ') END,"
	"  nullif(array_to_string(d.exclude, ', '), '')) AS columns,"
	" concat_ws('; ', coalesce((SELECT string_agg(DISTINCT r.event, ', ') FROM herald.rules r"
	"    WHERE r.target = d.target), 'insert, update, delete, truncate'),"
	"  CASE d.numbers WHEN 'text' THEN 'numbers as text' END, 'fault: ' || f.reason) AS events"
	" FROM herald.watches d" TABLES " LEFT JOIN herald.faults f ON f.watch = d.id ORDER BY 1",
	"SELECT coalesce(jsonb_agg(jsonb_build_object('table', " TABLE
	", 'dropped', t.oid IS NULL, 'topic', d.topic, 'audience', d.audience,"
	" 'columns', d.columns, 'exclude', d.exclude, 'numbers', d.numbers,"
	" 'events', (SELECT jsonb_agg(DISTINCT r.event) FROM herald.rules r"
	"   WHERE r.target = d.target),"
	" 'fault', f.reason) ORDER BY " TABLE "), '[]')::text"
	" FROM herald.watches d" TABLES " LEFT JOIN herald.faults f ON f.watch = d.id",
	"no table is watched. This makes the changes of one events:\n"
	"  pgherald watch TABLE --audience COLUMN",
};

static const struct listing rules = {
	"SELECT " TABLE " AS \"table\", d.event AS event,"
	" CASE d.operation WHEN 'any' THEN 'any change' ELSE d.operation END AS \"on\","
	" CASE d.condition WHEN 'true' THEN 'always' ELSE"
	"  btrim(regexp_replace(d.condition, '\\s+', ' ', 'g')) END AS \"when\","
	" coalesce(btrim(regexp_replace(d.data, '\\s+', ' ', 'g')), 'as a default event') AS data"
	" FROM herald.rules d" TABLES " ORDER BY 1, d.id",
	"SELECT coalesce(jsonb_agg(jsonb_build_object('table', " TABLE
	", 'dropped', t.oid IS NULL, 'event', d.event, 'operation', d.operation,"
	" 'condition', d.condition, 'data', d.data) ORDER BY " TABLE ", d.id), '[]')::text"
	" FROM herald.rules d" TABLES,
	"there are no rules: watched tables have their default events. This makes a rule:\n"
	"  SELECT herald.rule('TABLE', 'EVENT', 'update', 'NEW.status <> OLD.status')",
};

static const struct listing actions = {
	"SELECT d.method AS method, d.path AS path, d.function AS function,"
	" coalesce(" REQUIRED ", 'every user') AS \"who may call it\""
	" FROM herald.actions d ORDER BY d.path COLLATE \"C\", d.method",
	"SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.path COLLATE \"C\", d.method), '[]')"
	"::text FROM herald.actions d",
	"there are no actions. This lets a function serve a method and a path:\n"
	"  SELECT herald.action('POST', '/api/orders', 'app.create_order')",
};

int cmd_streams(struct cli_call *call)
{
	return listing_run(call, "streams", &streams);
}

int cmd_watches(struct cli_call *call)
{
	return listing_run(call, "watches", &watches);
}

int cmd_rules(struct cli_call *call)
{
	return listing_run(call, "rules", &rules);
}

int cmd_actions(struct cli_call *call)
{
	return listing_run(call, "actions", &actions);
}
