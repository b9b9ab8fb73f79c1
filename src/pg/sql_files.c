/* SPDX-License-Identifier: PostgreSQL */
/*
 * sql_files.c: the files of sql/install.sql inside the program.
 *
 * make writes the list $(BUILD)/sql_files.list from the lines of install.sql, as SQL_FILE(name,
 * path).
 */
#include "base/embed.h"
#include "pg/migrate.h"

#define SQL_FILE(name, path) EMBED(sql_##name, path)
#include "sql_files.list"
#undef SQL_FILE

#define SQL_FILE(name, path) {#name, sql_##name},
const struct sql_file sql_files[] = {
#include "sql_files.list"
	{NULL, NULL},
};
