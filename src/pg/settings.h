/* SPDX-License-Identifier: PostgreSQL */
/*
 * settings.h: the settings that every session of ours makes for itself.
 *
 * A database, a role or a hosting service may make settings for all. Those would cut our
 * transactions short, or make them read-only.
 *
 * SETTINGS_UNBOUND, SETTINGS_OURS, SETTINGS_LOG and SETTINGS_NOTICE are SQL of several statements,
 * which return no row. DO is not used, because not every role may use plpgsql.
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

/* PostgreSQL 17 brought transaction_timeout. Earlier versions do not know it. */
#define SETTINGS_UNBOUND                                                                          \
	"SET client_min_messages = warning; SET lock_timeout = 0; SET "                           \
	"idle_in_transaction_session_timeout = 0;" SETTINGS_WHERE_KNOWN(                          \
		"transaction_timeout",                                                            \
		"CASE WHEN " SETTINGS_SERVER                                                      \
		" >= 170000 THEN '0' END") "SET default_transaction_isolation = 'read "           \
					   "committed'; SET default_transaction_read_only = off;" \
					   "SET default_transaction_deferrable = off; SET "       \
					   "row_security = on;"

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
#define SETTINGS_NOTICE                                                                            \
	"SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count " \
	"= 3;" SETTINGS_WHERE_KNOWN("client_connection_check_interval",                            \
				    "CASE WHEN pg_catalog.version() ~ 'linux' THEN '2000' END")

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
