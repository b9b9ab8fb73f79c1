/* SPDX-License-Identifier: PostgreSQL */
#include "pg/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg/settings.h"

#define LOG_SETTINGS                                                                                      \
	SETTINGS_OURS "SET search_path = pg_catalog;"                                                     \
	"SET plan_cache_mode = force_generic_plan; SET jit = off;"                                        \
	"SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"

void session_init(struct session *s, struct conn *c, const struct session_plan *plan)
{
	*s = (struct session){.conn = c, .plan = *plan};
}

static void set_up(struct session *s)
{
	char sql[sizeof(LOG_SETTINGS) + 64];

	if (s->plan.applications)
		snprintf(sql, sizeof(sql), SETTINGS_UNBOUND "SET statement_timeout = %d", SESSION_FUNCTION_MS);
	else
		snprintf(sql, sizeof(sql), LOG_SETTINGS "SET idle_session_timeout = %d", s->plan.idle_most_ms);
	conn_script(s->conn, sql);
}

static void say(struct session *s)
{
	switch (s->step) {
	case SESSION_SETUP:
		set_up(s);
		break;
	case SESSION_STANDBY:
		conn_script(s->conn, "SELECT pg_is_in_recovery()");
		break;
	case SESSION_LISTEN:
		conn_script(s->conn, "LISTEN herald; LISTEN herald_tick; LISTEN herald_streams");
		break;
	case SESSION_SCHEMA:
		conn_script(s->conn, "SELECT to_regclass('herald.migrations') IS NOT NULL");
		break;
	case SESSION_VERSION:
		conn_script(s->conn, "SELECT max(version) FROM herald.migrations");
		break;
	case SESSION_PREPARE:
		conn_prepare(s->conn, s->plan.statements[s->prepared].name, s->plan.statements[s->prepared].sql);
		break;
	case SESSION_READY:
		break;
	}
}

void session_begin(struct session *s)
{
	s->step = SESSION_SETUP;
	s->prepared = 0;
	say(s);
}

void session_result(struct session *s, const PGresult *res)
{
	bool yes = PQntuples(res) == 1 && *PQgetvalue(res, 0, 0) == 't';

	if (s->step == SESSION_STANDBY)
		s->standby = yes;
	else if (s->step == SESSION_SCHEMA)
		s->schema_version = yes ? -1 : 0; /* some version, not known yet */
	else if (s->step == SESSION_VERSION && PQntuples(res) == 1)
		s->schema_version = atoi(PQgetvalue(res, 0, 0));
}

/* The server converts the others, or lets no client in that asks for UTF-8 (MULE_INTERNAL); this one goes out as it is, whatever its bytes. */
const char *session_bad_encoding(const struct session *s)
{
	const char *encoding = PQparameterStatus(s->conn->pg, "server_encoding");

	return encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0 ? encoding : NULL;
}

bool session_fits(const struct session *s)
{
	if (s->plan.schema_version != 0 && session_bad_encoding(s) != NULL)
		return false;
	return (s->step != SESSION_SCHEMA || s->schema_version != 0) &&
	       (s->step != SESSION_VERSION || s->schema_version == s->plan.schema_version);
}

static bool is_left_out(const struct session *s)
{
	switch (s->step) {
	case SESSION_STANDBY:
		return !s->plan.listens;
	case SESSION_LISTEN:
		return !s->plan.listens || s->standby;
	case SESSION_SCHEMA:
	case SESSION_VERSION:
		return s->plan.schema_version == 0;
	default:
		return false;
	}
}

void session_next(struct session *s)
{
	if (s->step == SESSION_PREPARE && ++s->prepared < s->plan.count) {
		say(s);
		return;
	}
	do
		s->step++;
	while (is_left_out(s));
	say(s);
}
