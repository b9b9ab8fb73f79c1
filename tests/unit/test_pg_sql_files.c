/* SPDX-License-Identifier: PostgreSQL */
/* What the program installs is what psql installs from sql/install.sql: the same files, in the same
 * order, byte for byte. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "pg/migrate.h"
#include "unit.h"

#define FILE_MAX_BYTES ((size_t)4 << 20)

static struct file install;

static int open_install(void **state __attribute__((unused)))
{
	const char *why = "";

	if (!file_read(&install, "sql/install.sql", FILE_MAX_BYTES, &why))
		fail_msg("sql/install.sql: %s (units run in the project's root)", why);
	return 0;
}

static int close_install(void **state __attribute__((unused)))
{
	file_release(&install);
	return 0;
}

/* The next file that psql reads: that of an \ir line, or the migration that a \set line names
 * for migration.sql. False: there is none. */
static bool next_path(const char **at, char *ret_path, size_t size)
{
	static const char include[] = "\n\\ir ", migration[] = "\n\\set migration ";

	while ((*at = strstr(*at, "\n\\")) != NULL) {
		const char *line = *at;

		*at += 2;
		if (strncmp(line, migration, strlen(migration)) == 0) {
			line += strlen(migration);
			snprintf(ret_path, size, "sql/migrations/%.*s.sql",
				 (int)strcspn(line, " \n"), line);
			return true;
		}
		if (strncmp(line, include, strlen(include)) == 0 &&
		    strncmp(line + strlen(include), "migration.sql\n", 14) != 0) {
			line += strlen(include);
			snprintf(ret_path, size, "sql/%.*s", (int)strcspn(line, " \n"), line);
			return true;
		}
	}
	return false;
}

static void assert_same_bytes(const struct sql_file *f, const char *path)
{
	struct file on_disk;
	const char *why = "";

	if (!file_read(&on_disk, path, FILE_MAX_BYTES, &why))
		fail_msg("%s: %s", path, why);
	assert_int_equal(strlen(f->text), on_disk.len);
	assert_memory_equal(f->text, on_disk.bytes, on_disk.len + 1);
	file_release(&on_disk);
}

TEST(the_program_has_the_files_of_the_installer_in_its_order_byte_for_byte)
{
	const struct sql_file *f = sql_files;
	const char *at = install.bytes;
	char path[200];

	for (; next_path(&at, path, sizeof(path)); f++) {
		assert_non_null(f->name);
		assert_same_bytes(f, path);
		assert_non_null(strstr(path, f->name));
	}
	assert_null(f->name);
	assert_true(f - sql_files > 30);
}

/* A database of another encoding takes no other bytes: the server converts the whole text, comments
 * too. */
TEST(the_files_are_ascii)
{
	for (const struct sql_file *f = sql_files; f->name != NULL; f++)
		for (const char *c = f->text; *c != '\0'; c++)
			if ((unsigned char)*c >= 0x80)
				fail_msg("%s has a byte that is no ASCII: %.40s", f->name, c);
}

/* The end of the literal that begins at `quote`. */
static const char *end_of_literal(const char *quote, bool escapes, bool *ret_backslash)
{
	const char *c = quote + 1;

	for (; *c != '\0' && (*c != '\'' || c[1] == '\''); c++) {
		*ret_backslash |= *c == '\\';
		if (*c == '\'' || (escapes && *c == '\\'))
			c++;
	}
	return c;
}

/* With standard_conforming_strings = off it would mean something else; E'' always means the same.
 */
TEST(no_literal_but_those_with_escapes_has_a_backslash)
{
	for (const struct sql_file *f = sql_files; f->name != NULL; f++)
		for (const char *c = f->text; *c != '\0'; c++) {
			bool escapes = c > f->text + 1 && c[-1] == 'E' &&
				       !isalnum((unsigned char)c[-2]),
			     backslash = false;
			const char *end;

			if (c[0] == '-' && c[1] == '-')
				c += strcspn(c, "\n");
			if (*c != '\'')
				continue;
			end = end_of_literal(c, escapes, &backslash);
			if (backslash && !escapes)
				fail_msg("%s: %.*s", f->name, (int)(end - c + 1), c);
			c = end;
		}
}

TEST(its_version_is_that_of_the_last_migration)
{
	int newest = 0;

	for (const struct sql_file *f = sql_files; f->name != NULL; f++)
		if (isdigit((unsigned char)f->name[0])) {
			int version = (int)strtol(f->name, NULL, 10);

			assert_true(version > newest);
			newest = version;
		}
	assert_int_equal(migrate_program_version(), newest);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_program_has_the_files_of_the_installer_in_its_order_byte_for_byte),
		cmocka_unit_test(the_files_are_ascii),
		cmocka_unit_test(no_literal_but_those_with_escapes_has_a_backslash),
		cmocka_unit_test(its_version_is_that_of_the_last_migration),
	};

	return cmocka_run_group_tests_name("pg/sql_files", tests, open_install, close_install);
}
