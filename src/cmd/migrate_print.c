/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/migrate_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg/migrate.h"

/*
 * The settings of the session that migrate makes for itself (pg/settings.h). Here they end with the
 * transaction. The last one proves that there is one.
 */
static const char head[] =
	"SET LOCAL client_min_messages = warning;\n"
	"SET LOCAL standard_conforming_strings = on;\n"
	"SET LOCAL statement_timeout = 0;\n"
	"SET LOCAL idle_in_transaction_session_timeout = 0;\n"
	"SET LOCAL herald.one_transaction = 'yes';\n"
	"DO $$\n"
	"BEGIN\n"
	"  IF current_setting('herald.one_transaction', true) IS DISTINCT FROM 'yes' THEN\n"
	"    RAISE EXCEPTION 'pgherald: this file is to be run in one transaction'\n"
	"      USING HINT = 'Such as psql -1 -v ON_ERROR_STOP=1 -f FILE. Nothing was changed.';\n"
	"  END IF;\n"
	"  IF current_setting('server_version_num')::int >= 170000 THEN\n"
	"    PERFORM set_config('transaction_timeout', '0', true);\n"
	"  END IF;\n"
	"END $$;\n";

/* It comes after begin.sql, which finds out the version of a dump without rows. */
static const char guard[] =
	"DO $$\n"
	"DECLARE\n"
	"  have int := (SELECT coalesce(max(m.version), 0) FROM herald.migrations m);\n"
	"BEGIN\n"
	"  IF have <> %d THEN\n"
	"    RAISE EXCEPTION 'pgherald: this file is for a schema herald of version %d, and here "
	"it "
	"is %%', have\n"
	"      USING HINT = format('Version 0 is none. pgherald migrate --print --from %%s makes "
	"the "
	"right file. Nothing was changed.', have);\n"
	"  END IF;\n"
	"END $$;\n";

/*
 * Missing triggers. `migrate` hangs them after its transaction, and here there is one only. What
 * the tool does later in the same transaction gets its settings back.
 */
static const char tail[] = "\n-- the end: triggers of watched tables that are missing\n"
			   "DO $$\n"
			   "DECLARE\n"
			   "  statement text;\n"
			   "BEGIN\n"
			   "  FOR statement IN SELECT herald.unhung() LOOP\n"
			   "    EXECUTE statement;\n"
			   "  END LOOP;\n"
			   "END $$;\n"
			   "SET LOCAL check_function_bodies TO DEFAULT;\n"
			   "SET LOCAL client_min_messages TO DEFAULT;\n"
			   "SET LOCAL lock_timeout TO DEFAULT;\n";

/* A migration, and that it has been applied. Or code. */
static void print_file(const struct sql_file *f, int from)
{
	int version = atoi(f->name);

	if (version > 0 && version <= from)
		return;
	printf("\n-- %s\n%s", f->name, f->text);
	if (version > 0)
		printf("INSERT INTO herald.migrations (version, name) VALUES (%d, '%s');\n",
		       version, f->name);
	if (strcmp(f->name, "begin") == 0)
		printf(guard, from, from);
}

void migrate_print(int from)
{
	printf("-- Schema herald, version %d, of pgherald " PGHERALD_VERSION
	       ": made by `pgherald migrate --print",
	       migrate_program_version());
	if (from == 0)
		printf("`.\n-- It is for a database without this schema.\n");
	else
		printf(" --from %d`.\n-- It is for a database with version %d of it.\n", from,
		       from);
	printf("-- Run it in one transaction, such as psql -1 -v ON_ERROR_STOP=1 -f FILE.\n%s",
	       head);
	for (const struct sql_file *f = sql_files; f->name != NULL; f++)
		print_file(f, from);
	fputs(tail, stdout);
}
