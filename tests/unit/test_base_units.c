/* SPDX-License-Identifier: PostgreSQL */
#include "base/units.h"

#include "unit.h"

#define NONE INT64_C(-1)

struct reading {
	const char *text;
	int64_t number; /* NONE: refused */
};

static void assert_readings(bool (*parse)(const char *, int64_t *), const struct reading *all,
			    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t number = 0;

		if (parse(all[i].text, &number) != (all[i].number != NONE))
			fail_msg("'%s' was %s", all[i].text,
				 all[i].number == NONE ? "taken" : "refused");
		assert_true(all[i].number == NONE || number == all[i].number);
	}
}

TEST(counts_are_digits)
{
	static const struct reading all[] = {
		{"0", 0},
		{"100", 100},
		{"007", 7},
		{"9223372036854775807", INT64_MAX},
		{"", NONE},
		{"-1", NONE},
		{"+1", NONE},
		{" 1", NONE},
		{"1 ", NONE},
		{"1.0", NONE},
		{"1e3", NONE},
		{"0x10", NONE},
		{"9223372036854775808", NONE},
		{"1\n", NONE},
	};

	assert_readings(units_parse_count, all, ARRAY_SIZE(all));
}

TEST(durations_are_a_number_and_a_unit)
{
	static const struct reading all[] = {
		{"0ms", 0},
		{"1ms", 1},
		{"30s", 30000},
		{"2m", 120000},
		{"1h", 3600000},
		{"24h", 86400000},
		{"7d", 604800000},
		{"007s", 7000},
		{"9223372036854775807ms", INT64_MAX},
		{"9223372036854775s", INT64_C(9223372036854775000)},
		{"", NONE},
		{"1", NONE},
		{"s", NONE},
		{" 1s", NONE},
		{"1 s", NONE},
		{"1s ", NONE},
		{"-1s", NONE},
		{"+1s", NONE},
		{"1.5s", NONE},
		{"1S", NONE},
		{"1M", NONE},
		{"1hour", NONE},
		{"1h30m", NONE},
		{"1e3s", NONE},
		{"0x1s", NONE},
		{"1w", NONE},
		{"9223372036854775808ms", NONE},
		{"9223372036854776s", NONE},
		{"99999999999999999999999s", NONE},
	};

	assert_readings(units_parse_duration, all, ARRAY_SIZE(all));
}

TEST(sizes_are_a_number_and_a_unit_of_1024)
{
	static const struct reading all[] = {
		{"0B", 0},      {"17B", 17},        {"1kB", 1024},
		{"1KB", 1024},  {"64MB", 64 << 20}, {"2GB", INT64_C(2) << 30},
		{"", NONE},     {"64", NONE},       {"64mb", NONE},
		{"64M", NONE},  {"64MiB", NONE},    {"-1MB", NONE},
		{"1 MB", NONE}, {"MB", NONE},       {"9999999999GB", NONE},
	};

	assert_readings(units_parse_size, all, ARRAY_SIZE(all));
}

TEST(an_address_is_a_host_and_a_port)
{
	static const char *const good[] = {"127.0.0.1:8000", "localhost:1", "*:65535",
					   ":8000",          "[::1]:8000",  "[fe80::1]:80"};
	static const char *const bad[] = {"",
					  "8000",
					  "localhost",
					  "localhost:",
					  "localhost:0",
					  "localhost:65536",
					  "localhost:-1",
					  "localhost: 1",
					  "localhost:80 ",
					  "localhost:http",
					  "::1:8000",
					  "a:b:1",
					  "[::1]",
					  "[::1:80",
					  "::1]:80",
					  "[::1]8000",
					  ":"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!units_is_address(good[i]))
			fail_msg("'%s' was refused", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (units_is_address(bad[i]))
			fail_msg("'%s' was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_digits),
		cmocka_unit_test(durations_are_a_number_and_a_unit),
		cmocka_unit_test(sizes_are_a_number_and_a_unit_of_1024),
		cmocka_unit_test(an_address_is_a_host_and_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
