/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/proxycuts.h"

#include "base/base.h"

#include "temp.h"

#define PERIOD 30000
#define PATIENCE 7000
#define DAY INT64_C(86400000)

static struct proxycuts cuts;
static int64_t now_ms;

static const struct proxycuts_client ann = {"10.0.0.1", "ann", "/orders"};

static int set_up(void **state)
{
	(void)state;
	proxycuts_init(&cuts);
	now_ms = 1000000;
	listen_start();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	listen_stop();
	proxycuts_release(&cuts);
	return 0;
}

static int open_stream(const struct proxycuts_client *who)
{
	return proxycuts_opened(&cuts, who, now_ms, PATIENCE);
}

static struct proxycuts_end end_of(int64_t age_ms, int64_t silent_ms, int learned_ms)
{
	now_ms += age_ms;
	return (struct proxycuts_end){
		now_ms, age_ms, silent_ms, learned_ms > 0 ? learned_ms : PERIOD, learned_ms, 0};
}

/* Its stream, pinged with what was learned, is cut at this age after so much silence, and the
 * client is back. */
static int cut(const struct proxycuts_client *who, int64_t age_ms, int64_t silent_ms,
	       int learned_ms)
{
	struct proxycuts_end end = end_of(age_ms, silent_ms, learned_ms);

	proxycuts_ended(&cuts, who, &end);
	now_ms += 2000;
	return open_stream(who);
}

/* What is learned of one who is cut after this silence. */
static int teach(const char *user, int64_t silent_ms)
{
	struct proxycuts_client who = {"10.0.0.1", user, "/orders"};

	cut(&who, silent_ms + 7, silent_ms, 0);
	return cut(&who, silent_ms + 7000, silent_ms, 0);
}

TEST(two_cuts_after_the_same_silence_teach_a_shorter_period)
{
	assert_int_equal(open_stream(&ann), 0);
	assert_int_equal(cut(&ann, 10000, 10000, 0), 0);
	assert_int_equal(cut(&ann, 44000, 10300, 0), 6000);
	assert_int_equal(cuts.learned, 1);
	now_ms += 3600000;
	assert_int_equal(open_stream(&ann), 6000);
}

TEST(one_cut_or_two_after_different_silences_teach_nothing)
{
	assert_int_equal(cut(&ann, 10000, 10000, 0), 0);
	assert_int_equal(cut(&ann, 12000, 12000, 0), 0);
	assert_int_equal(cut(&ann, 10000, 10000, 0), 0);
	assert_int_equal(cut(&ann, 500, 300, 0), 0);
	assert_int_equal(cut(&ann, 10000, 10000, 0), 0);
	assert_int_equal(cuts.learned, 0);
}

TEST(who_comes_back_later_was_not_cut)
{
	for (int i = 0; i < 5; i++) {
		struct proxycuts_end end = end_of(10000, 10000, 0);

		proxycuts_ended(&cuts, &ann, &end);
		now_ms += PATIENCE + 1;
		assert_int_equal(open_stream(&ann), 0);
	}
}

TEST(silences_under_two_seconds_or_over_the_period_teach_nothing)
{
	for (int i = 0; i < 5; i++)
		assert_int_equal(cut(&ann, 20000, 1999, 0), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(cut(&ann, 70000, PERIOD + 1, 0), 0);
}

TEST(the_shortest_period_is_a_second_at_least)
{
	cut(&ann, 2000, 2000, 0);
	assert_within(cut(&ann, 3000, 2000, 0), PROXYCUTS_PERIOD_LEAST_MS, 1999);
}

TEST(it_only_lowers)
{
	cut(&ann, 10000, 10000, 0);
	assert_int_equal(cut(&ann, 20000, 10000, 0), 6000);
	assert_int_equal(cut(&ann, 7000, 5000, 6000), 6000);
	assert_int_equal(cut(&ann, 33000, 5000, 6000), 3000);
	cut(&ann, 100000, 20000, 0);
	assert_int_equal(cut(&ann, 150000, 20000, 0), 3000);
	assert_int_equal(cuts.learned, 1);
}

TEST(a_client_is_address_user_and_path)
{
	static const struct proxycuts_client others[] = {{"10.0.0.2", "ann", "/orders"},
							 {"10.0.0.1", "bob", "/orders"},
							 {"10.0.0.1", NULL, "/orders"},
							 {"10.0.0.1", "ann", "/order"}};

	cut(&ann, 10000, 10000, 0);
	cut(&ann, 20000, 10000, 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(open_stream(&others[i]), 0);
}

TEST(a_cut_at_the_same_age_although_it_was_pinged_unlearns)
{
	cut(&ann, 10000, 10000, 0);
	assert_int_equal(cut(&ann, 10000, 10000, 0), 6000);
	assert_int_equal(cut(&ann, 10000, 4000, 6000), 0);
	assert_int_equal(cuts.learned, 0);
	assert_int_equal(cuts.unlearned, 1);
	/* silent again, at the age that is known: that says nothing now */
	for (int i = 0; i < 5; i++)
		assert_int_equal(cut(&ann, 10000, 10000, 0), 0);
	assert_int_equal(cuts.unlearned, 1);
	assert_int_equal(cut(&ann, 23000, 5000, 0), 0);
	assert_int_equal(cut(&ann, 44000, 5000, 0), 3000); /* but a silence at other ages does */
	assert_int_equal(cuts.learned, 1);
}

TEST(ends_at_other_ages_do_not_unlearn)
{
	cut(&ann, 10000, 10000, 0);
	assert_int_equal(cut(&ann, 25000, 10000, 0), 6000);
	assert_int_equal(cut(&ann, 25000, 3000, 6000), 6000); /* the client itself left */
	assert_int_equal(cut(&ann, 90000, 1000, 6000), 6000);
	assert_int_equal(cut(&ann, 9000, 5000, 6000), 6000);
	assert_int_equal(cuts.unlearned, 0);
}

TEST(three_clients_teach_a_path)
{
	static const struct proxycuts_client late = {"10.0.0.9", "zoe", "/orders"},
					     elsewhere = {"10.0.0.9", "zoe", "/other"};

	assert_int_equal(teach("ann", 10000), 6000);
	assert_int_equal(teach("bob", 10500), 6300);
	assert_int_equal(open_stream(&late), 0);
	assert_int_equal(teach("cid", 9900), 5940);
	assert_int_equal(open_stream(&late), 5940);
	assert_int_equal(open_stream(&elsewhere), 0);
	assert_int_equal(teach("dan", 3000), 1800);
	assert_int_equal(open_stream(&late), 5940); /* that one's is another proxy */
	assert_int_equal(teach("eve", 9200), 5520);
	assert_int_equal(open_stream(&late), 5940); /* nor does one alone shorten it by and by */
}

TEST(one_user_from_three_addresses_is_one_teacher)
{
	for (int i = 0; i < 5; i++) {
		char address[] = "10.0.0.0";
		struct proxycuts_client who = {address, "ann", "/orders"};

		address[7] = (char)('0' + i);
		cut(&who, 10000, 10000, 0);
		assert_int_equal(cut(&who, 20000, 10000, 0), 6000);
	}
	assert_int_equal(open_stream(&(struct proxycuts_client){"10.0.0.9", "zoe", "/orders"}), 0);
}

TEST(a_path_is_unlearned_by_three_clients_and_not_by_one)
{
	static const char *const users[] = {"dan", "eve", "fay", "gus"};
	static const struct proxycuts_client late = {"10.0.0.9", "zoe", "/orders"};

	teach("ann", 10000);
	teach("bob", 10000);
	teach("cid", 10000);
	for (size_t i = 0; i < 3; i++) {
		struct proxycuts_client who = {"10.0.0.1", users[i], "/orders"};

		assert_int_equal(open_stream(&late), 6000);
		assert_int_equal(open_stream(&who), 6000);
		assert_int_equal(cut(&who, 10000, 4000, 6000), 6000);
		/* something had been sent meanwhile */
		assert_int_equal(cut(&who, 10000, 2500, 6000), 6000);
		assert_int_equal(cut(&who, 10000, 4000, 6000), 0);
	}
	assert_int_equal(open_stream(&late), 0);
	assert_int_equal(cuts.unlearned, 3);
	assert_int_equal(cuts.learned, 3);
}

TEST(an_operator_is_told_once_and_every_lesson_has_its_line)
{
	static const char advice[] = "a proxy ends connections of '/orders' after 10.0 s, pings or "
				     "not: raise its read timeout";
	char *first;

	for (size_t i = 0; i < 2; i++) {
		struct proxycuts_client who = {"10.0.0.1", i == 0 ? "ann" : "bob", "/orders"};

		cut(&who, 10000, 10000, 0);
		cut(&who, 10000, 10000, 0);
		cut(&who, 10000, 4000, 6000);
	}
	listen_stop();
	first = strstr(said, advice);
	assert_non_null(first);
	assert_null(strstr(first + 1, advice));
	assert_non_null(strstr(said, "'/orders' by 'ann' from 10.0.0.1 was cut after 10.0 s of "
				     "silence again: it is pinged every 6.0 s"));
	assert_non_null(strstr(said, "by 'bob' from"));
	listen_start();
}

TEST(what_was_learned_is_forgotten_after_a_day)
{
	static const struct proxycuts_client late = {"10.0.0.9", "zoe", "/orders"};

	teach("ann", 10000);
	teach("bob", 10000);
	teach("cid", 10000);
	now_ms += DAY - 100000;
	assert_int_equal(open_stream(&ann), 6000);
	assert_int_equal(open_stream(&late), 6000);
	now_ms += 100000;
	assert_int_equal(open_stream(&ann), 0);
	assert_int_equal(open_stream(&late), 0);
	cut(&late, 5000, 5000, 0); /* an end sweeps what is too old */
	assert_int_equal(cuts.learned, 0);
	assert_int_equal(cuts.clients.count, 1);
}

TEST(with_other_streams_open_more_cuts_are_needed_and_with_many_nothing_is_learned)
{
	for (size_t others = 1; others < 9; others++) {
		char path[] = "/0";
		struct proxycuts_client who = {"10.0.0.1", "ann", path};
		int period = 0;

		path[1] = (char)('0' + others);
		for (size_t n = 1; n <= others + 2; n++) {
			struct proxycuts_end end = end_of(10000 + (int64_t)n * 3000, 10000, 0);

			assert_int_equal(period, 0);
			end.others = others;
			proxycuts_ended(&cuts, &who, &end);
			period = open_stream(&who);
		}
		assert_int_equal(period, others <= PROXYCUTS_OTHERS_MOST ? 6000 : 0);
	}
	assert_int_equal(cuts.learned, PROXYCUTS_OTHERS_MOST);
}

TEST(the_table_is_bounded_and_what_was_learned_outlives_what_was_not)
{
	teach("ann", 10000);
	for (int i = 0; i < 3 * PROXYCUTS_MOST; i++) {
		char user[16];
		struct proxycuts_client who = {"10.0.0.2", user, "/orders"};

		snprintf(user, sizeof(user), "u%d", i);
		cut(&who, 5000, 5000, 0);
		assert_true(cuts.clients.count <= PROXYCUTS_MOST);
	}
	assert_int_equal(cuts.clients.count, PROXYCUTS_MOST);
	assert_int_equal(open_stream(&ann), 6000);
}

TEST(who_learns_much_leaves_room_for_others_to_learn)
{
	for (int i = 0; i < 2 * PROXYCUTS_MOST; i++) {
		char user[16];

		snprintf(user, sizeof(user), "u%d", i);
		teach(user, 3000 + (i % 5) * 1000);
		assert_true(cuts.learned <= PROXYCUTS_LEARNED_MOST);
	}
	assert_int_equal(cuts.learned, PROXYCUTS_LEARNED_MOST);
	assert_int_equal(teach("ann", 10000), 6000);
	assert_true(cuts.clients.count <= PROXYCUTS_MOST);
}

TEST(random_ends_keep_the_books_right)
{
	uint32_t seed = 20261122;
	size_t learned = 0;

	for (int i = 0; i < 200000; i++) {
		char user[16], path[16];
		struct proxycuts_client who = {"10.0.0.1", user, path};
		struct proxycuts_end end = end_of(1000 + next_random(&seed) % 3 * 4000,
						  next_random(&seed) % 3 * 2000, 0);

		snprintf(user, sizeof(user), "u%u", next_random(&seed) % 50);
		snprintf(path, sizeof(path), "/p%u", next_random(&seed) % 2000);
		end.learned_ms = next_random(&seed) % 2 * 2400;
		proxycuts_ended(&cuts, &who, &end);
		now_ms += next_random(&seed) % 9000;
		if (next_random(&seed) % 4 != 0)
			learned += proxycuts_opened(&cuts, &who, now_ms, PATIENCE) > 0;
	}
	assert_true(learned > 0);
	assert_true(cuts.clients.count <= PROXYCUTS_MOST &&
		    cuts.known_count <= PROXYCUTS_LEARNED_MOST && cuts.learned <= cuts.known_count);
	assert_true(cuts.paths.count <= PROXYCUTS_PATHS_MOST);
	now_ms += DAY;
	cut(&ann, 5000, 5000, 0);
	assert_int_equal(cuts.clients.count, 1);
	assert_int_equal(cuts.learned, 0);
	assert_int_equal(cuts.known_count, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(two_cuts_after_the_same_silence_teach_a_shorter_period),
		CASE(one_cut_or_two_after_different_silences_teach_nothing),
		CASE(who_comes_back_later_was_not_cut),
		CASE(silences_under_two_seconds_or_over_the_period_teach_nothing),
		CASE(the_shortest_period_is_a_second_at_least),
		CASE(it_only_lowers),
		CASE(a_client_is_address_user_and_path),
		CASE(a_cut_at_the_same_age_although_it_was_pinged_unlearns),
		CASE(ends_at_other_ages_do_not_unlearn),
		CASE(three_clients_teach_a_path),
		CASE(one_user_from_three_addresses_is_one_teacher),
		CASE(a_path_is_unlearned_by_three_clients_and_not_by_one),
		CASE(an_operator_is_told_once_and_every_lesson_has_its_line),
		CASE(what_was_learned_is_forgotten_after_a_day),
		CASE(with_other_streams_open_more_cuts_are_needed_and_with_many_nothing_is_learned),
		CASE(the_table_is_bounded_and_what_was_learned_outlives_what_was_not),
		CASE(who_learns_much_leaves_room_for_others_to_learn),
		CASE(random_ends_keep_the_books_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
