/* SPDX-License-Identifier: PostgreSQL */
/*
 * sql_files.c: the files of sql/install.sql inside the program.
 *
 * The assembler takes their bytes in as they are. So no tool that reads backslashes in its own way
 * can change them. make writes the list $(BUILD)/sql_files.list from the lines of install.sql, as
 * SQL_FILE(name, path). The path is relative to the folder in which make runs.
 */
#include "pg/migrate.h"

#define SQL_FILE(name, path)                                                  \
	extern const char sql_##name[] __attribute__((visibility("hidden"))); \
	__asm__(".pushsection .rodata\n"                                      \
		".globl sql_" #name "\n"                                      \
		".hidden sql_" #name "\n"                                     \
		"sql_" #name ":\n"                                            \
		".incbin \"" path "\"\n"                                      \
		".byte 0\n"                                                   \
		".popsection\n");
#include "sql_files.list"
#undef SQL_FILE

#define SQL_FILE(name, path) {#name, sql_##name},
const struct sql_file sql_files[] = {
#include "sql_files.list"
	{NULL, NULL},
};
