/* SPDX-License-Identifier: PostgreSQL */
/*
 * doctor_streams.c: what is watched and what is opened. Is all that they were made of still there?
 */
#include "cmd/doctor.h"

/* A watched table that has been dropped leaves its watch and its trigger functions. */
static const struct doctor_check tables = {
	"watches",
	"SELECT '!', NULL, 'no table is watched', 'pgherald watch TABLE --audience COLUMN' WHERE "
	"NOT EXISTS (SELECT FROM herald.watches)"
	" UNION ALL "
	"SELECT 'no', w.topic, format('its table %s is gone', w.target) || coalesce(format(', "
	"which was called %I.%I', e.schema, e.name)"
	"       || CASE WHEN n.is_there THEN ', as another one is now' ELSE '' END, ''),"
	"       CASE WHEN n.is_there THEN format('pgherald watch %I.%I', e.schema, e.name) ELSE "
	"format('SELECT herald.unwatch(%L)', w.target) END"
	"  FROM herald.watches w LEFT JOIN herald.extents e ON e.watch = w.id, LATERAL (SELECT "
	"EXISTS ("
	"       SELECT FROM pg_class o JOIN pg_namespace s ON s.oid = o.relnamespace WHERE "
	"s.nspname = e.schema AND o.relname = e.name) AS is_there) n"
	" WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = w.target)"
	" UNION ALL "
	"SELECT 'no', w.target::text, format('%I of its audience routes to nobody: its name holds "
	"an equals sign', a),"
	"       format('give the column another name, then: SELECT herald.watch(%L, audience => "
	"''{...}'')', w.target)"
	"  FROM herald.watches w, unnest(w.audience) a WHERE strpos(a, '=') > 0",
	"each watched table is there",
};

/*
 * Each capture function hangs on its table. If one is not there, it is not missed, because the
 * table's rules have no use for the operation.
 */
static const struct doctor_check triggers = {
	"triggers",
	"WITH fn AS (SELECT w.target, p.oid, p.proname FROM herald.watches w JOIN pg_class c ON "
	"c.oid = w.target"
	"             LEFT JOIN pg_proc p ON p.proname ~ "
	"format('^capture_%s_%s_(insert|update|delete|truncate|moved)$', w.id, w.tag)"
	"              AND p.pronamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = "
	"'herald')),"
	" hung AS (SELECT fn.target, t.tgname, t.tgenabled, substring(fn.proname FROM '[a-z]+$') "
	"AS operation"
	"            FROM fn LEFT JOIN pg_trigger t ON t.tgrelid = fn.target AND t.tgfoid = fn.oid)"
	" SELECT 'no', target::text, coalesce('has no trigger for ' || string_agg(operation, ', ' "
	"ORDER BY operation), 'has no trigger')"
	"        || ': these changes reach nobody',"
	"        format('SELECT herald.capture(w) FROM herald.watches w WHERE w.target = "
	"%L::regclass', target)"
	"   FROM hung WHERE tgname IS NULL GROUP BY target"
	" UNION ALL "
	"SELECT 'no', target::text, format('trigger %I is disabled: its changes reach nobody', "
	"tgname),"
	"       format('ALTER TABLE %s ENABLE TRIGGER %I', target, tgname) FROM hung WHERE "
	"tgenabled IN ('D', 'R')"
	" UNION ALL "
	"SELECT '!', target::text, 'logical replication writes it, and its triggers do not see "
	"that',"
	"       format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %s', target, "
	"string_agg(quote_ident(tgname), ', ENABLE ALWAYS TRIGGER '))"
	"  FROM hung WHERE tgenabled = 'O' AND EXISTS (SELECT FROM pg_subscription_rel r WHERE "
	"r.srrelid = target) GROUP BY target",
	"all are there and enabled",
};

/*
 * A dump, a cloned schema or a copied statement brought these triggers along. The function that
 * they call does nothing for their table.
 */
static const struct doctor_check strangers = {
	"strangers",
	"WITH called AS (SELECT w.target, t.tgname, t.tgrelid::regclass AS calling, t.tgfoid,"
	"                       EXISTS (SELECT FROM pg_partition_ancestors(t.tgrelid) a WHERE "
	"a.relid = w.target) OR t.tgrelid = w.target AS own"
	"                  FROM herald.watches w JOIN pg_proc p ON p.proname ~ "
	"format('^capture_%s_%s_[a-z]+$', w.id, w.tag)"
	"                   AND p.pronamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname "
	"= 'herald')"
	"                  JOIN pg_trigger t ON t.tgfoid = p.oid)"
	" SELECT '!', calling::text, format('%s %s the capture of %s, which tells nothing of this "
	"table', string_agg(quote_ident(tgname), ', ' ORDER BY tgname),"
	"                                  CASE count(*) WHEN 1 THEN 'is a trigger that calls' "
	"ELSE 'are triggers that call' END, target),"
	"       format('pgherald watch %1$s, or: %2$s', calling, string_agg(format('DROP TRIGGER "
	"%I ON %s', tgname, calling), '; ' ORDER BY tgname))"
	"   FROM called WHERE NOT own GROUP BY calling, target"
	" UNION ALL "
	"SELECT 'no', calling::text, format('triggers %s call the same function: its changes are "
	"told as often', string_agg(quote_ident(tgname), ', ' ORDER BY tgname)),"
	"       format('DROP TRIGGER ... ON %s, for all but one', calling)"
	"   FROM called WHERE own GROUP BY calling, tgfoid HAVING count(*) > 1",
	"no trigger of another table calls a capture",
};

static const struct doctor_check keys = {
	"primary keys",
	"SELECT '!', w.target::text, 'has none: its events tell whole rows and no key', "
	"format('ALTER TABLE %s ADD PRIMARY KEY (...)', w.target)"
	"  FROM herald.watches w JOIN pg_class c ON c.oid = w.target"
	" WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = w.target AND i.indisprimary)"
	" UNION ALL "
	"SELECT '!', w.target::text, format('a column of it is excluded (%s): its events tell no "
	"key', string_agg(a.attname, ', ' ORDER BY a.attname)),"
	"       format('if rows are to be told by it: SELECT herald.watch(%L, exclude => "
	"''{...}'', columns => ''{...}''), without it in both', w.target)"
	"  FROM herald.watches w JOIN pg_index i ON i.indrelid = w.target AND i.indisprimary"
	"  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) AND "
	"(a.attname = ANY (w.exclude) OR a.attnum = ANY (w.hidden))"
	" GROUP BY w.target",
	"each watched table has one",
};

static const struct doctor_check faults = {
	"faults",
	"SELECT 'no', f.key, format('its last change could not be told: %s', f.value),"
	"       format('mend the rule or the column, then: SELECT herald.capture(w) FROM "
	"herald.watches w WHERE w.target = %L::regclass', f.key)"
	"  FROM herald.status s, jsonb_each_text(s.faults) f ORDER BY f.key",
	"no rule has failed",
};

static const struct doctor_check streams = {
	"streams",
	"SELECT '-', NULL, 'none is defined', 'SELECT herald.stream(''/path'', ''{topic}'')' WHERE "
	"NOT EXISTS (SELECT FROM herald.streams)"
	" UNION ALL "
	"(SELECT d.outcome, s.path, d.says, d.advice FROM herald.streams s, herald.doubts(s) d "
	"ORDER BY s.path)",
	"each can show what it names",
};

/*
 * Names are looked up as data, because to_regprocedure fails for a role that may not use the
 * schema.
 */
static const struct doctor_check functions = {
	"functions",
	"WITH named AS (SELECT s.path AS place, 'authorize' AS kind, s.authorize AS fn, 'jsonb, "
	"jsonb' AS args FROM herald.streams s"
	"   UNION ALL SELECT s.path, 'match', substr(m.value, 10), 'jsonb, jsonb' FROM "
	"herald.streams s, jsonb_each_text(s.match) m WHERE m.value LIKE 'function:%'"
	"   UNION ALL SELECT s.path, 'snapshot', s.snapshot, 'jsonb, jsonb' FROM herald.streams s"
	"   UNION ALL SELECT a.method || ' ' || a.path, 'action', a.function, 'jsonb' FROM "
	"herald.actions a),"
	" split AS (SELECT *, parse_ident(fn) AS part FROM named WHERE fn IS NOT NULL),"
	" found AS (SELECT s.*, p.oid, n.oid AS schema, n.nspname FROM split s LEFT JOIN (pg_proc "
	"p JOIN pg_namespace n ON n.oid = p.pronamespace)"
	"   ON p.proname = part[cardinality(part)] AND n.nspname = CASE cardinality(part) WHEN 1 "
	"THEN 'pg_catalog' ELSE part[1] END"
	"  AND oidvectortypes(p.proargtypes) = args)"
	" SELECT 'no', place, format('its %s function %s(%s) is gone', kind, fn, args), 'create it "
	"again, or define the stream or action without it'"
	"   FROM found WHERE oid IS NULL"
	" UNION ALL "
	"SELECT 'no', place, format('role %L may not call its %s function %s(%s)', current_user, "
	"kind, fn, args),"
	"       format('GRANT USAGE ON SCHEMA %1$I TO %2$I; GRANT EXECUTE ON FUNCTION %3$s(%4$s) "
	"TO %2$I', nspname, current_user, fn, args)"
	"  FROM found WHERE oid IS NOT NULL AND NOT (has_schema_privilege(schema, 'USAGE') AND "
	"has_function_privilege(oid, 'EXECUTE'))",
	"what streams and actions call is there, and may be called; explain tries if it works",
};

static const struct doctor_check sealed = {
	"sealed streams",
	"SELECT 'no', s.path, 'is sealed, but there is no encryption-key: its events are held "
	"back',"
	"       'give serve encryption-key, of 32 characters or more'"
	"  FROM herald.streams s WHERE s.sealed AND NOT $1::boolean",
	"none lacks the key",
};

static const struct doctor_check locked = {
	"token keys",
	"SELECT 'no', s.path, 'asks for a token, but no key is configured: nobody gets in',"
	"       'give serve jwt-secret-file, jwt-public-key-file, jwks-file, jwks-url or "
	"oidc-issuer'"
	"  FROM herald.streams s WHERE NOT s.anonymous AND NOT $1::boolean",
	"no stream lacks one",
};

/* A name with dots is tried as it is, then as a path. Names with a slash are meant as they are. */
static const struct doctor_check claims = {
	"claims",
	"SELECT '-', s.path, format('takes %s of a token by its path, where no claim has the whole "
	"name', string_agg(DISTINCT quote_literal(c.name), ', ')), NULL"
	"  FROM herald.streams s, LATERAL (SELECT substr(m.value, 8) FROM jsonb_each_text(s.match) "
	"m WHERE m.value LIKE 'claims.%'"
	"       UNION ALL SELECT jsonb_object_keys(r.one) FROM jsonb_array_elements(CASE "
	"jsonb_typeof(s.require) WHEN 'array' THEN s.require ELSE "
	"jsonb_build_array(s.require) END) r(one)) c(name)"
	" WHERE c.name LIKE '%.%' AND c.name NOT LIKE '%/%' GROUP BY s.path",
	"none is taken by a path",
};

void doctor_streams(struct doctor *d)
{
	doctor_check(d, &tables, NULL);
	doctor_check(d, &triggers, NULL);
	doctor_check(d, &strangers, NULL);
	doctor_check(d, &keys, NULL);
	doctor_check(d, &faults, NULL);
	doctor_check(d, &streams, NULL);
	doctor_check(d, &functions, NULL);
	doctor_check(d, &sealed, d->config->seal != NULL ? "true" : "false");
	doctor_check(d, &locked,
		     d->config->keyring->count > 0 || d->config->providers.count > 0 ? "true"
										     : "false");
	doctor_check(d, &claims, NULL);
}
