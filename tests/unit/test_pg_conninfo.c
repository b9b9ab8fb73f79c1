/* SPDX-License-Identifier: PostgreSQL */
#include "pg/conninfo.h"

#include <stdlib.h>

#include "unit.h"

TEST(without_a_word_about_it_the_kdc_is_not_asked)
{
	unsetenv("PGGSSENCMODE");
	unsetenv("PGSERVICE");
	assert_string_equal(conninfo_gssencmode(NULL), "disable");
	assert_string_equal(conninfo_gssencmode(""), "disable");
	assert_string_equal(conninfo_gssencmode("app"), "disable");
	assert_string_equal(conninfo_gssencmode("postgresql://db/app"), "disable");
	assert_string_equal(conninfo_gssencmode("host=db dbname=app"), "disable");
}

TEST(what_is_written_counts)
{
	assert_string_equal(conninfo_gssencmode("postgresql://db/app?gssencmode=prefer"), "");
	assert_string_equal(conninfo_gssencmode("host=db gssencmode=require"), "");
	assert_string_equal(conninfo_gssencmode("service=app"), "");
	setenv("PGGSSENCMODE", "prefer", 1);
	assert_string_equal(conninfo_gssencmode("host=db"), "");
	unsetenv("PGGSSENCMODE");
	setenv("PGSERVICE", "app", 1);
	assert_string_equal(conninfo_gssencmode(NULL), "");
	unsetenv("PGSERVICE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_word_about_it_the_kdc_is_not_asked),
		cmocka_unit_test(what_is_written_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
