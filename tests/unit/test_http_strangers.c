/* SPDX-License-Identifier: PostgreSQL */
#include "http/strangers.h"

#include "temp.h"

static struct strangers strangers;

static int set_up(void **state)
{
	(void)state;
	strangers = (struct strangers){.count = 0};
	return 0;
}

/* How many lines the log has of this request. They are in `said`. */
static int lines_of(const char *origin, int64_t now_ms)
{
	int lines = 0;

	listen_start();
	strangers_note(&strangers, origin, "/own", now_ms);
	listen_stop();
	for (const char *p = said; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	return lines;
}

static int lines_of_nth(int n, int64_t now_ms)
{
	char origin[40];

	snprintf(origin, sizeof(origin), "https://%d.example", n);
	return lines_of(origin, now_ms);
}

TEST(a_line_names_the_origin_and_the_option)
{
	assert_int_equal(lines_of("https://a.example", 5), 1);
	assert_non_null(strstr(said, "'https://a.example'"));
	assert_non_null(strstr(said, "'/own'"));
	assert_non_null(strstr(said, "allowed-origins"));
}

TEST(an_origin_has_one_line_a_minute_and_each_request_counts)
{
	for (int n = 0; n < 100; n++)
		assert_int_equal(lines_of("https://a.example", 5 + n), n == 0);
	assert_int_equal(lines_of("https://b.example", 200), 1);
	assert_int_equal(lines_of("https://a.example", 4 + STRANGERS_EVERY_MS), 0);
	assert_int_equal(lines_of("https://a.example", 5 + STRANGERS_EVERY_MS), 1);
	assert_int_equal(lines_of("https://a.example", 6 + STRANGERS_EVERY_MS), 0);
	assert_int_equal(strangers.count, 104);
}

TEST(what_cannot_be_allowed_is_not_advised)
{
	assert_int_equal(lines_of("null", 5), 1);
	assert_null(strstr(said, "name that origin"));
	assert_int_equal(lines_of("file://", 5), 1);
	assert_null(strstr(said, "name that origin"));
}

TEST(of_more_origins_than_there_is_room_for_there_is_one_line_together)
{
	int lines = 0;

	for (int n = 0; n < 1000; n++)
		lines += lines_of_nth(n, 5);
	assert_int_equal(lines, STRANGERS_MOST + 1);
	assert_int_equal(lines_of_nth(2000, 4 + STRANGERS_EVERY_MS), 0);
	assert_int_equal(strangers.count, 1001);
}

TEST(a_place_is_free_again_when_its_minute_is_over)
{
	for (int n = 0; n < STRANGERS_MOST; n++)
		assert_int_equal(lines_of_nth(n, n), 1);
	assert_int_equal(lines_of_nth(100, STRANGERS_EVERY_MS), 1);
	assert_non_null(strstr(said, "https://100.example"));
	assert_int_equal(lines_of_nth(1, STRANGERS_EVERY_MS), 0);
	assert_int_equal(lines_of_nth(0, STRANGERS_EVERY_MS), 1);
	assert_non_null(strstr(said, "more than 32 other origins"));
}

TEST(a_long_origin_is_cut_and_has_one_line_too)
{
	char origin[1000];

	memset(origin, 'a', sizeof(origin));
	memcpy(origin, "https://", 8);
	origin[sizeof(origin) - 1] = '\0';
	assert_int_equal(lines_of(origin, 5), 1);
	assert_true(strlen(said) < 500);
	assert_int_equal(lines_of(origin, 6), 0);
}

#define FRESH(sentence) cmocka_unit_test_setup(sentence, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_line_names_the_origin_and_the_option),
		FRESH(an_origin_has_one_line_a_minute_and_each_request_counts),
		FRESH(what_cannot_be_allowed_is_not_advised),
		FRESH(of_more_origins_than_there_is_room_for_there_is_one_line_together),
		FRESH(a_place_is_free_again_when_its_minute_is_over),
		FRESH(a_long_origin_is_cut_and_has_one_line_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
