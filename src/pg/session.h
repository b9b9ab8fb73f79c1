/* SPDX-License-Identifier: PostgreSQL */
/*
 * session.h: what every connection of the daemon says first. The log is read by index, in generic plans, whatever
 * the statistics of the moment make the planner think; and no setting of the role or the database may cut a read short.
 */
#ifndef PG_SESSION_H
#define PG_SESSION_H

#define SESSION_SETUP                                                                              \
	"SET search_path = pg_catalog; SET client_min_messages = warning;"                         \
	"SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0;"           \
	"SET idle_in_transaction_session_timeout = 0; SET default_transaction_isolation = 'read committed';" \
	"SET default_transaction_read_only = off; SET plan_cache_mode = force_generic_plan; SET jit = off;" \
	"SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"

/* First half of every advisory lock key ('hera'), and the second halves. */
#define SESSION_LOCK_CLASS "1751478881"
#define SESSION_LOCK_TICKER "1"
#define SESSION_LOCK_AWAKE "3"

#endif
