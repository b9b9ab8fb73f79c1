/* SPDX-License-Identifier: PostgreSQL */
#include "hub/params.h"

#include "hub.h"

#define PARAMS(...) params_of((const char *const[]){__VA_ARGS__, NULL})

static struct params params_of(const char *const *texts)
{
	struct params params = {.count = 0};

	for (; texts[2 * params.count] != NULL; params.count++)
		params.items[params.count] = (struct param){text_of(texts[2 * params.count]),
							    text_of(texts[2 * params.count + 1])};
	return params;
}

/* "a=1 b=2 " */
static void assert_params(const struct params *params, const char *expected)
{
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < params->count; i++) {
		const struct param *p = &params->items[i];

		buf_appendf(&text, "%.*s=%.*s ", (int)p->name.len, p->name.bytes, (int)p->value.len,
			    p->value.bytes);
	}
	assert_string_equal(text.data, expected);
	buf_release(&text);
}

TEST(parameters_of_one_name_become_one_in_the_place_of_the_first)
{
	struct params params = PARAMS("a", "1", "e", "x,y", "b", "2", "e", "", "ee", "3", "e", "z");
	struct buf storage;

	buf_init(&storage);
	buf_append_str(&storage, "before");
	params_join(&params, "e", &storage);
	assert_params(&params, "a=1 e=x,y,,z b=2 ee=3 ");
	assert_true(strncmp(storage.data, "before", 6) == 0);
	buf_release(&storage);
}

TEST(one_that_is_there_once_or_not_at_all_stays_as_it_is)
{
	struct params params = PARAMS("a", "1", "e", "x"), none = PARAMS("a", "1");
	struct buf storage;

	buf_init(&storage);
	params_join(&params, "e", &storage);
	params_join(&none, "e", &storage);
	assert_params(&params, "a=1 e=x ");
	assert_params(&none, "a=1 ");
	buf_release(&storage);
}

TEST(more_are_added_behind_as_long_as_there_is_room)
{
	struct params params = PARAMS("a", "1"), more = PARAMS("b", "2", "a", "3");

	assert_true(params_add(&params, &more));
	assert_params(&params, "a=1 b=2 a=3 ");
	assert_true(text_is(*params_find(&params, "a"), "1"));
	params.count = PARAMS_MAX - 1;
	assert_false(params_add(&params, &more));
	assert_int_equal(params.count, PARAMS_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_of_one_name_become_one_in_the_place_of_the_first),
		cmocka_unit_test(one_that_is_there_once_or_not_at_all_stays_as_it_is),
		cmocka_unit_test(more_are_added_behind_as_long_as_there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
