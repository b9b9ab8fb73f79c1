/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/census.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct census census;
static struct buf out;

static int set_up(void **state)
{
	(void)state;
	census_init(&census);
	buf_init(&out);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	census_release(&census);
	buf_release(&out);
	return 0;
}

/* Has /metrics this line? */
static bool has(const char *line)
{
	const char *at;

	buf_clear(&out);
	census_append_metrics(&census, &out);
	at = strstr(out.data, line);
	return at != NULL && at[strlen(line)] == '\n' && (at == out.data || at[-1] == '\n');
}

TEST(streams_are_counted_by_the_path_of_their_definition)
{
	for (int i = 0; i < 3; i++)
		census_opened(&census, "/orders");
	census_opened(&census, "/rooms/:id");
	census_closed(&census, "/orders", "client", 500);
	assert_true(has("pgherald_path_streams{path=\"/orders\"} 2"));
	assert_true(has("pgherald_path_streams_opened_total{path=\"/orders\"} 3"));
	assert_true(has("pgherald_path_streams{path=\"/rooms/:id\"} 1"));
}

TEST(a_path_cannot_break_out_of_its_label)
{
	census_opened(&census, "/a\"b\\c\nd");
	assert_true(has("pgherald_path_streams{path=\"/a\\\"b\\\\c\\nd\"} 1"));
}

TEST(paths_are_bounded_and_the_others_counted_together)
{
	char path[16];

	for (int i = 0; i < CENSUS_PATHS_MOST + 50; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		census_opened(&census, path);
	}
	assert_int_equal(census.paths.count, CENSUS_PATHS_MOST + 1);
	assert_true(has("pgherald_path_streams{path=\"other\"} 50"));
	census_closed(&census, path, "client", 1);
	census_closed(&census, "/0", "client", 1);
	assert_true(has("pgherald_path_streams{path=\"other\"} 49"));
	assert_true(has("pgherald_path_streams{path=\"/0\"} 0"));
}

TEST(ends_are_counted_by_their_reason)
{
	static const char *const words[] = {"client",    "slow",    "expired",  "revoked",
					    "forbidden", "changed", "shutdown", "failed",
					    "fault",     "restored"};
	char line[80];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		census_opened(&census, "/a");
		census_closed(&census, "/a", words[i], 1);
		snprintf(line, sizeof(line), "pgherald_streams_closed_total{reason=\"%s\"} 1",
			 words[i]);
		assert_true(has(line));
	}
	assert_true(has("pgherald_streams_closed_total{reason=\"other\"} 0"));
	census_opened(&census, "/a");
	census_closed(&census, "/a", "bored", 1);
	assert_true(has("pgherald_streams_closed_total{reason=\"other\"} 1"));
}

TEST(ages_are_a_histogram)
{
	static const int64_t ages_ms[] = {200, 1000, 1001, 59000, 7200000, 100000000};

	for (size_t i = 0; i < sizeof(ages_ms) / sizeof(ages_ms[0]); i++) {
		census_opened(&census, "/a");
		census_closed(&census, "/a", "client", ages_ms[i]);
	}
	assert_true(has("pgherald_stream_age_seconds_bucket{le=\"1\"} 2"));
	assert_true(has("pgherald_stream_age_seconds_bucket{le=\"10\"} 3"));
	assert_true(has("pgherald_stream_age_seconds_bucket{le=\"60\"} 4"));
	assert_true(has("pgherald_stream_age_seconds_bucket{le=\"3600\"} 4"));
	assert_true(has("pgherald_stream_age_seconds_bucket{le=\"36000\"} 5"));
	assert_true(has("pgherald_stream_age_seconds_bucket{le=\"+Inf\"} 6"));
	assert_true(has("pgherald_stream_age_seconds_sum 107261.201"));
	assert_true(has("pgherald_stream_age_seconds_count 6"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(streams_are_counted_by_the_path_of_their_definition),
		CASE(a_path_cannot_break_out_of_its_label),
		CASE(paths_are_bounded_and_the_others_counted_together),
		CASE(ends_are_counted_by_their_reason),
		CASE(ages_are_a_histogram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
