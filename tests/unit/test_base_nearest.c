/* SPDX-License-Identifier: PostgreSQL */
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const char *const names[] = {"serve", "streams", "watch", "watches", "unwatch", "listen"};

static void assert_nearest(const char *given, const char *wanted)
{
	struct nearest n;

	nearest_begin(&n, given, strlen(given));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nearest_try(&n, names[i]);
	if ((wanted == NULL) != (n.name == NULL) || (wanted != NULL && strcmp(n.name, wanted) != 0))
		fail_msg("'%s' is near to '%s'", given, n.name == NULL ? "nothing" : n.name);
}

TEST(a_letter_that_is_missing_wrong_too_many_or_swapped_is_found)
{
	assert_nearest("serv", "serve");
	assert_nearest("sevre", "serve");
	assert_nearest("xerve", "serve");
	assert_nearest("stream", "streams");
	assert_nearest("watchs", "watch");
	assert_nearest("unwacht", "unwatch");
	assert_nearest("lsiten", "listen");
}

TEST(what_is_far_from_all_has_no_neighbour)
{
	char text[200];

	assert_nearest("", NULL);
	assert_nearest("s", NULL);
	assert_nearest("uninstall", NULL);
	assert_nearest("nonsense", NULL);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_nearest(text, NULL);
}

TEST(a_hint_names_it_with_its_prefix)
{
	struct nearest n;
	char *hint;

	nearest_begin(&n, "listn", 5);
	hint = nearest_hint(&n, "--");
	assert_string_equal(hint, "");
	free(hint);
	nearest_try(&n, "listen");
	hint = nearest_hint(&n, "--");
	assert_string_equal(hint, " (did you mean '--listen'?)");
	free(hint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_letter_that_is_missing_wrong_too_many_or_swapped_is_found),
		cmocka_unit_test(what_is_far_from_all_has_no_neighbour),
		cmocka_unit_test(a_hint_names_it_with_its_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
