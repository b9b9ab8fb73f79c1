/* SPDX-License-Identifier: PostgreSQL */
/*
 * settings.h: what every session of ours takes back of the settings that a database, a role or a hosting service makes for all: they would
 * cut our transactions short, or make them read-only. SQL of several statements, without a row.
 */
#ifndef PG_SETTINGS_H
#define PG_SETTINGS_H

/* PostgreSQL 17 brought transaction_timeout; no other version knows it. */
#define SETTINGS_UNBOUND                                                                                  \
	"SET client_min_messages = warning; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;" \
	"DO $$ BEGIN SET transaction_timeout = 0; EXCEPTION WHEN OTHERS THEN NULL; END $$;"               \
	"SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off;"

/* And where no function of the application is called: what it says in its SQL means what it says, and takes its time. */
#define SETTINGS_OURS "SET statement_timeout = 0;" SETTINGS_UNBOUND "SET standard_conforming_strings = on;"

#endif
