/* SPDX-License-Identifier: PostgreSQL */
/*
 * settings.h: the settings that every session of ours makes for itself.
 *
 * A database, a role or a hosting service may make settings for all. Those would cut our
 * transactions short, or make them read-only.
 *
 * SETTINGS_UNBOUND, SETTINGS_OURS, SETTINGS_LOG and SETTINGS_NOTICE are SQL of several statements,
 * which return no row. DO is not used, because not every role may use plpgsql.
 *
 * SETTINGS_CLEAN takes back what a function of the application has left in a session of ours.
 * SETTINGS_AGAIN then makes the settings again, each by a SET, which costs 2 microseconds. It
 * leaves out those that not every server takes. SETTINGS_REST_OF_THEM is an expression that gives
 * SQL for these.
 */
#ifndef PG_SETTINGS_H
#define PG_SETTINGS_H

/* A setting that not every server takes. `value` is SQL. It is NULL if the setting is to be left
 * alone. */
#define SETTINGS_WHERE_KNOWN(name, value)                  \
	"SELECT FROM (SELECT pg_catalog.set_config('" name \
	"', v, false) AS done FROM (SELECT " value         \
	") k (v) WHERE v IS NOT NULL) t WHERE done IS NULL;"
#define SETTINGS_SERVER "pg_catalog.current_setting('server_version_num')::int"

#define SETTINGS_EVERYWHERE                                                                   \
	"SET client_min_messages = warning; SET lock_timeout = 0; SET "                       \
	"idle_in_transaction_session_timeout = 0; SET default_transaction_isolation = 'read " \
	"committed'; SET default_transaction_read_only = off; SET "                           \
	"default_transaction_deferrable = off; SET row_security = on;"

/* PostgreSQL 17 brought transaction_timeout. Earlier versions do not know it. */
#define SETTINGS_UNBOUND                          \
	SETTINGS_EVERYWHERE SETTINGS_WHERE_KNOWN( \
		"transaction_timeout", "CASE WHEN " SETTINGS_SERVER " >= 170000 THEN '0' END")

/* Also for sessions that call no function of the application. Their SQL means what it says, and may
 * take its time. */
#define SETTINGS_OURS \
	"SET statement_timeout = 0;" SETTINGS_UNBOUND "SET standard_conforming_strings = on;"

/* Also for sessions that read the log. It is read by index, in generic plans, whatever the planner
 * thinks of the statistics of the moment. */
#define SETTINGS_LOG                                                                             \
	"SET search_path = pg_catalog; SET bytea_output = hex; SET array_nulls = on; SET "       \
	"transform_null_equals = off;"                                                           \
	"SET DateStyle = 'ISO, YMD'; SET IntervalStyle = postgres; SET extra_float_digits = 1;"  \
	"SET plan_cache_mode = force_generic_plan; SET jit = off; SET "                          \
	"max_parallel_workers_per_gather = 0;"                                                   \
	"SET enable_indexscan = on; SET enable_nestloop = on; SET enable_sort = on;"             \
	"SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET " \
	"enable_mergejoin = off;"

/* The server notices that a client is gone. It notices an end even while a query waits, and silence
 * within 25 s. Not every platform can. */
#define SETTINGS_NOTICE                             \
	SETTINGS_KEEPALIVE SETTINGS_WHERE_KNOWN(    \
		"client_connection_check_interval", \
		"CASE WHEN pg_catalog.version() ~ 'linux' THEN '2000' END")
#define SETTINGS_KEEPALIVE                                                                         \
	"SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count " \
	"= 3;"

/*
 * Sessions that run functions of the application: all that DISCARD ALL takes back, but for its
 * plans and prepared statements. Plans are nobody's, and making them again would cost more than all
 * else. RESET ALL spares the role. It comes first, because a time limit may be among what was left.
 */
#define SETTINGS_CLEAN                                                    \
	"RESET ALL; RESET SESSION AUTHORIZATION; RESET ROLE; CLOSE ALL; " \
	"UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES;"
/* One row: locks go, and are the prepared statements others than ours, which are %zu? */
#define SETTINGS_STRANGE                                                                        \
	"SELECT pg_catalog.count(*) FILTER (WHERE from_sql) > 0 OR pg_catalog.count(*) < %zu, " \
	"pg_catalog.pg_advisory_unlock_all() FROM pg_catalog.pg_prepared_statement()"

/* Behind a pooler that keeps sessions, RESET goes back to what the pooler began the session with.
 * That may be another encoding than ours. */
#define SETTINGS_AGAIN "SET client_encoding = 'UTF8';" SETTINGS_EVERYWHERE SETTINGS_KEEPALIVE
#define SETTINGS_REST_OF_THEM                                                        \
	"'SET client_connection_check_interval = '''"                                \
	" || pg_catalog.current_setting('client_connection_check_interval') || ''''" \
	" || coalesce('; SET transaction_timeout = '''"                              \
	" || pg_catalog.current_setting('transaction_timeout', true) || '''', '')"

/* For one transaction, in a session that is not our own. `timeout` is of a statement, as text. More
 * settings may follow after a comma. */
#define SETTINGS_ONCE(timeout)                                                                   \
	"SELECT set_config('statement_timeout', '" timeout                                       \
	"', true), set_config('lock_timeout', '0', true),"                                       \
	" set_config('client_min_messages', 'warning', true), set_config('row_security', 'on', " \
	"true),"                                                                                 \
	" CASE WHEN current_setting('server_version_num')::int >= 170000 THEN "                  \
	"set_config('transaction_timeout', '0', true) END,"                                      \
	" set_config('client_connection_check_interval', CASE WHEN version() ~ 'linux' THEN "    \
	"'2000' ELSE '0' END, true)"

#endif
