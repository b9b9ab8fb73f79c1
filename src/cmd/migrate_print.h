/* SPDX-License-Identifier: PostgreSQL */
/*
 * migrate_print.h: what `pgherald migrate` does, as one file of plain SQL. It is for tools that
 * apply files of SQL. They run each in a transaction, or can be told to.
 */
#ifndef CMD_MIGRATE_PRINT_H
#define CMD_MIGRATE_PRINT_H

/*
 * Prints to stdout the SQL that brings the schema from this version to the program's. A database
 * without the schema has version 0.
 */
void migrate_print(int from);

#endif
