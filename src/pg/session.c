/* SPDX-License-Identifier: PostgreSQL */
#include "pg/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "pg/settings.h"

#define WHO_IT_IS                                                                            \
	"SELECT a.pid, extract(epoch FROM a.backend_start), " SETTINGS_REST_OF_THEM " FROM " \
	"pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a"

/* The modes of its transactions, if the defaults are not ours. A server in recovery could not write
 * anyhow. A SELECT cannot set the modes. */
#define IN_WHAT_MODES                                                                       \
	"SELECT 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED'"                           \
	"    || CASE WHEN current_setting('default_transaction_read_only') = 'on' AND NOT " \
	"pg_catalog.pg_is_in_recovery() THEN ', READ WRITE' ELSE '' END"                    \
	"  WHERE current_setting('default_transaction_isolation') <> 'read committed' OR "  \
	"current_setting('default_transaction_read_only') = 'on'"

/*
 * Says what the session before does and what blocks it, and then ends it. A tick that has held
 * others up for 10 s is ended too, because its own instance may be frozen. A role that may not end
 * them only looks. A process that is itself frozen ends when it goes on. The ends give no rows. DO
 * is not used, because not every role may use plpgsql.
 */
#define ELDER                                                                                     \
	"SELECT 'Process ' || e.pid || coalesce(' waits for ' || e.wait_event_type || ' ' || "    \
	"e.wait_event, ' is ' || e.state)"                                                        \
	"    || coalesce((SELECT ' of ' || l.relation::pg_catalog.regclass FROM "                 \
	"pg_catalog.pg_locks l"                                                                   \
	"                  WHERE l.pid = e.pid AND NOT l.granted), '')"                           \
	"    || coalesce((SELECT ', held by ' || "                                                \
	"pg_catalog.string_agg(pg_catalog.format('process %%s (%%s of role %%s)', b.pid,"         \
	"           coalesce(nullif(h.application_name, ''), 'a session'), coalesce(h.usename, "  \
	"'?')), ', ')"                                                                            \
	"         FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(e.pid)) b (pid)"             \
	"         LEFT JOIN pg_catalog.pg_stat_activity h ON h.pid = b.pid), '')"                 \
	"  FROM pg_catalog.pg_stat_activity e WHERE e.pid = %1$d AND extract(epoch FROM "         \
	"e.backend_start) = %2$s;"                                                                \
	"SELECT 1 FROM (SELECT pg_catalog.pg_terminate_backend(h.pid) AS ended"                   \
	"    FROM pg_catalog.pg_stat_activity e, "                                                \
	"pg_catalog.unnest(pg_catalog.pg_blocking_pids(e.pid)) b (pid),"                          \
	"         pg_catalog.pg_stat_activity h"                                                  \
	"   WHERE e.pid = %1$d AND extract(epoch FROM e.backend_start) = %2$s AND h.pid = b.pid " \
	"AND h.usesysid = e.usesysid"                                                             \
	"     AND pg_catalog.pg_has_role(h.usesysid, 'USAGE')"                                    \
	"     AND h.query LIKE 'SELECT herald.tick()%%' AND h.state = 'active'"                   \
	"     AND h.query_start < pg_catalog.clock_timestamp() - interval '10 s') t WHERE ended " \
	"IS NULL;"                                                                                \
	"SELECT 1 FROM (SELECT pg_catalog.pg_terminate_backend(e.pid) AS ended"                   \
	"    FROM pg_catalog.pg_stat_activity e WHERE e.pid = %1$d AND extract(epoch FROM "       \
	"e.backend_start) = %2$s"                                                                 \
	"     AND pg_catalog.pg_has_role(e.usesysid, 'USAGE')) t WHERE ended IS NULL"

/* Ends a process that a pool has, but not while somebody else's transaction runs in it. It may be
 * the process that answers. No row means that it is not there. */
#define ELDER_LENT                                                                               \
	"SELECT 1 FROM (SELECT pg_catalog.pg_sleep(%3$s)::text AS slept) t WHERE slept IS NULL;" \
	"SELECT CASE WHEN e.state = 'idle' OR e.pid = pg_catalog.pg_backend_pid() THEN "         \
	"pg_catalog.pg_terminate_backend(e.pid) ELSE false END"                                  \
	"  FROM pg_catalog.pg_stat_activity e WHERE e.pid = %1$d AND extract(epoch FROM "        \
	"e.backend_start) = %2$s"                                                                \
	"   AND pg_catalog.pg_has_role(e.usesysid, 'USAGE')"
#define TIMES "SET idle_session_timeout = %d; SET statement_timeout = %d"
#define ELDER_LOOKS 20  /* a second of them; then it is tried again later */
#define ELDER_MOST 1000 /* how often, because it may be impossible */

void session_init(struct session *s, struct conn *c, const struct session_plan *plan)
{
	*s = (struct session){.conn = c, .plan = *plan};
}

static void look_after_elder(struct session *s)
{
	struct session_elder *e = &s->elder;
	char *sql = s->pooled
			    ? xasprintf(ELDER_LENT, e->pid, e->born, e->looks++ == 0 ? "0" : "0.05")
			    : xasprintf(ELDER, e->pid, e->born);

	e->busy = false;
	if (!s->pooled)
		e->pid = 0; /* once */
	conn_script(s->conn, sql);
	free(sql);
}

/* The same settings, for one transaction. */
static const char *const once_log = SETTINGS_ONCE(
	"0") ", set_config('search_path', 'pg_catalog', true), set_config('jit', 'off', true),"
	     " set_config('max_parallel_workers_per_gather', '0', true), "
	     "set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', "
	     "true),"
	     " set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', "
	     "true)";
static const char *const once_applications = SETTINGS_ONCE("5000") "";
_Static_assert(SESSION_FUNCTION_MS == 5000, "it stands above as text, too");

static const char *sql_of(const struct conn_once *once, const char *statement)
{
	const struct session *s = container_of(once, struct session, once);

	for (size_t i = 0; i < s->plan.count; i++)
		if (strcmp(s->plan.statements[i].name, statement) == 0)
			return s->plan.statements[i].sql;
	return ""; /* none of ours */
}

static void leave_elder(struct session *s)
{
	s->elder = (struct session_elder){.pid = s->pid};
	memcpy(s->elder.born, s->born, sizeof(s->born));
}

void session_pool(struct session *s)
{
	if (s->pooled)
		return;
	if (s->pid != 0)
		leave_elder(s);
	s->pooled = true;
}

/* In a pool the settings and the role go, in the same transaction. All else is not used in a pool
 * such as this one. A lock or a temporary table may be there nevertheless, and be somebody else's.
 * The encoding and the name are set again, because the pool may have begun the session with others.
 */
static void prepare_after(struct session *s)
{
	const char *after[] = {"RESET ALL",  "RESET SESSION AUTHORIZATION",
			       "RESET ROLE", "SET client_encoding = 'UTF8'",
			       s->named,     NULL};

	_Static_assert(sizeof(after) == sizeof(s->after), "the list is copied as a whole");
	snprintf(s->named, sizeof(s->named), "SET application_name = '%s'", s->conn->name);
	memcpy(s->after, after, sizeof(after));
}

static void clean(struct session *s)
{
	char *sql = xasprintf(SETTINGS_CLEAN SETTINGS_AGAIN "SET application_name = '%s'; " TIMES
							    "; %s; " SETTINGS_STRANGE,
			      s->conn->name, s->plan.idle_most_ms, SESSION_FUNCTION_MS, s->rest,
			      s->plan.count);

	conn_script(s->conn, sql);
	free(sql);
}

static void set_up(struct session *s)
{
	char *sql;

	if (s->pooled) {
		conn_script(s->conn, WHO_IT_IS ";" IN_WHAT_MODES);
		return;
	}
	sql = xasprintf("%s" SETTINGS_NOTICE TIMES "; " WHO_IT_IS,
			s->plan.applications ? SETTINGS_UNBOUND : SETTINGS_OURS SETTINGS_LOG,
			s->plan.idle_most_ms, s->plan.applications ? SESSION_FUNCTION_MS : 0);

	conn_script(s->conn, sql);
	free(sql);
}

static void say(struct session *s)
{
	switch (s->step) {
	case SESSION_ELDER:
		look_after_elder(s);
		break;
	case SESSION_SETUP:
		set_up(s);
		break;
	case SESSION_STANDBY:
		conn_script(s->conn, "SELECT pg_catalog.current_setting('in_hot_standby') = 'on'");
		break;
	case SESSION_LISTEN:
		conn_script(s->conn, "LISTEN herald; LISTEN herald_tick; LISTEN herald_streams");
		break;
	case SESSION_SCHEMA:
		conn_script(s->conn, "SELECT to_regclass('herald.migrations') IS NOT NULL");
		break;
	case SESSION_VERSION:
		conn_script(s->conn,
			    "SELECT " SCHEMA_NEWEST ", " SCHEMA_BREAKING " FROM herald.migrations");
		break;
	case SESSION_PREPARE:
		conn_prepare(s->conn, s->plan.statements[s->prepared].name,
			     s->plan.statements[s->prepared].sql);
		break;
	case SESSION_CLEAN:
		clean(s);
		break;
	case SESSION_FORGET:
		s->strange = false;
		s->prepared = 0;
		conn_script(s->conn, "DEALLOCATE ALL");
		break;
	case SESSION_READY:
		break;
	}
}

void session_begin(struct session *s)
{
	s->once = (struct conn_once){.before = s->plan.applications ? once_applications : once_log,
				     .sql = sql_of};
	s->conn->once = s->pooled ? &s->once : NULL;
	s->modes[0] = '\0';
	s->soiled = false;
	s->step =
		s->elder.pid != 0 && s->elder.begun++ < ELDER_MOST ? SESSION_ELDER : SESSION_SETUP;
	s->elder.looks = 0;
	s->prepared = 0;
	say(s);
}

void session_lost(struct session *s)
{
	if (s->conn->stalled && !s->pooled) /* Otherwise it may be somebody else's. */
		leave_elder(s);
	s->step = SESSION_SETUP; /* not ready */
	s->soiled = false;
}

static void take_modes(struct session *s, const PGresult *res)
{
	snprintf(s->modes, sizeof(s->modes), "%s", PQgetvalue(res, 0, 0));
	s->once.modes = s->modes;
}

static void take_oneself(struct session *s, const PGresult *res)
{
	s->pid = atoi(PQgetvalue(res, 0, 0));
	snprintf(s->born, sizeof(s->born), "%s", PQgetvalue(res, 0, 1));
	snprintf(s->rest, sizeof(s->rest), "%s", PQgetvalue(res, 0, 2));
}

void session_result(struct session *s, const PGresult *res)
{
	bool yes = PQntuples(res) == 1 && *PQgetvalue(res, 0, 0) == 't';

	if (s->step == SESSION_ELDER && s->pooled)
		s->elder.busy |= PQntuples(res) == 1 && !yes;
	else if (s->step == SESSION_ELDER && PQntuples(res) == 1)
		log_warn("[STREAM JOB] the previous session of '%s' was given up: %s",
			 s->conn->name, PQgetvalue(res, 0, 0));
	else if (s->step == SESSION_SETUP && PQntuples(res) == 1 && PQnfields(res) == 1)
		take_modes(s, res);
	else if (s->step == SESSION_SETUP && PQntuples(res) == 1)
		take_oneself(s, res);
	else if (s->step == SESSION_CLEAN && PQnfields(res) == 2)
		s->strange = PQntuples(res) == 1 && *PQgetvalue(res, 0, 0) == 't';
	else if (s->step == SESSION_STANDBY)
		s->standby = yes;
	else if (s->step == SESSION_SCHEMA)
		s->schema.newest = yes ? -1 : 0;
	else if (s->step == SESSION_VERSION && PQntuples(res) == 1)
		s->schema = (struct schema_version){.newest = atoi(PQgetvalue(res, 0, 0)),
						    .breaking = atoi(PQgetvalue(res, 0, 1))};
}

/* The server converts other encodings. Or it lets no client in that asks for UTF-8, as with
 * MULE_INTERNAL. SQL_ASCII goes out as it is, whatever its bytes. */
const char *session_bad_encoding(const struct session *s)
{
	const char *encoding = PQparameterStatus(s->conn->pg, "server_encoding");

	return encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0 ? encoding : NULL;
}

bool session_fits(const struct session *s)
{
	if (s->plan.schema_version != 0 && session_bad_encoding(s) != NULL)
		return false;
	return (s->step != SESSION_SCHEMA || s->schema.newest != 0) &&
	       (s->step != SESSION_VERSION || schema_fits(s->schema, s->plan.schema_version));
}

static bool is_left_out(const struct session *s)
{
	switch (s->step) {
	case SESSION_STANDBY:
		return !s->plan.listens;
	case SESSION_LISTEN:
		return !s->plan.listens || s->standby || s->pooled;
	case SESSION_PREPARE:
		return s->pooled || s->prepared == s->plan.count;
	case SESSION_CLEAN:
		return true;
	case SESSION_FORGET:
		return !s->strange;
	case SESSION_SCHEMA:
	case SESSION_VERSION:
		return s->plan.schema_version == 0;
	default:
		return false;
	}
}

/* True if it is to be looked at once more. */
static bool goes_on_with_elder(struct session *s)
{
	if (s->elder.busy && s->elder.looks < ELDER_LOOKS)
		return true;
	if (!s->elder.busy)
		s->elder.pid = 0;
	else if (s->elder.begun == 1)
		log_warn("[STREAM JOB] the pooler's server process %d has settings and locks of "
			 "'%s' from before: it is ended when it has nobody else's transaction",
			 s->elder.pid, s->conn->name);
	return false;
}

void session_next(struct session *s)
{
	if ((s->step == SESSION_PREPARE && ++s->prepared < s->plan.count) ||
	    (s->step == SESSION_ELDER && goes_on_with_elder(s))) {
		say(s);
		return;
	}
	do
		s->step++;
	while (is_left_out(s));
	say(s);
}

void session_soil(struct session *s)
{
	s->soiled = true;
	prepare_after(s);
	s->once.after = s->after;
}

void session_clean(struct session *s)
{
	bool is_to_be = s->soiled && !s->pooled && conn_is_free(s->conn);

	s->soiled = false;
	s->once.after = NULL;
	if (!is_to_be)
		return;
	s->step = SESSION_CLEAN;
	say(s);
}
