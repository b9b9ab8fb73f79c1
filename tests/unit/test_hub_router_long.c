/* SPDX-License-Identifier: PostgreSQL */
/* Events that are for very many. */
#include "hub/router.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"

#include "hub.h"

/* of each of two keys: 160000 routing keys, more than are kept and than a small log takes */
#define VALUES 400

static struct router router;
static struct subscriber a, b, c;

static int open_router(void **state __attribute__((unused)))
{
	struct stream_def defs[] = {make_def("/both", "orders", "store,role", NULL),
				    make_def("/stores", "orders", "store", NULL),
				    make_def("/three", "orders", "store,role,tenant", NULL),
				    make_def("/other", "others", NULL, NULL)};

	log_setup(LOG_ERROR, false);
	a = b = c = (struct subscriber){.stream = NULL};
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	define(&router, defs, ARRAY_SIZE(defs));
	join_live(&router, &a, "/both", KEYS(T("store=7"), T("role=7")));
	return 0;
}

static int close_router(void **state __attribute__((unused)))
{
	subscriber_leave(&a);
	subscriber_leave(&b);
	subscriber_leave(&c);
	router_release(&router);
	return 0;
}

/* For everyone with one of so many stores and one of as many roles, 0 and up. */
static void publish(size_t values, const char *data)
{
	static char names[2 * VALUES][16];
	struct text items[2 * VALUES];
	struct event event = {.at = AT(router.head.tick + 1, 1),
			      .topic = T("orders"),
			      .name = T("insert"),
			      .audience = {items, 2 * values},
			      .data = text_of(data)};

	for (size_t i = 0; i < 2 * values; i++) {
		snprintf(names[i], sizeof(names[i]), i % 2 == 0 ? "store=%zu" : "role=%zu", i / 2);
		items[i] = text_of(names[i]);
	}
	router_publish(&router, &event);
}

TEST(an_event_for_thousands_reaches_each)
{
	publish(7, "1"); /* 0 to 6 */
	publish(50, "2");
	assert_sees(&router, &a, "2 ");
}

TEST(an_event_for_very_many_reaches_who_is_there_and_nobody_else)
{
	join_live(&router, &b, "/both", KEYS(T("store=7"), T("store=500"), T("role=399")));
	/* no such store is named */
	join_live(&router, &c, "/both", KEYS(T("store=500"), T("role=7")));
	publish(VALUES, "3");
	assert_sees(&router, &a, "3 ");
	assert_sees(&router, &b, "3 ");
	assert_sees(&router, &c, "");
	publish(7, "4");
	publish(8, "5");
	assert_sees(&router, &a, "5 ");
	assert_sees(&router, &b, "");
}

TEST(who_comes_later_asks_the_database_for_it)
{
	struct cursor before = router.head;

	publish(VALUES, "3");
	assert_false(router_holds(&router, stream_at(&router, "/both"), FRAME_EVENTS, before));
	assert_true(router_holds(&router, stream_at(&router, "/both"), FRAME_EVENTS, router.head));
	assert_true(router_holds(&router, stream_at(&router, "/other"), FRAME_EVENTS, before));
}

/* While it reads what was before there may be more such events all the time. */
TEST(who_has_joined_asks_only_for_what_was_before)
{
	struct cursor before = router.head, joined;

	publish(VALUES, "3");
	join(&router, &b, "/both", KEYS(T("store=7"), T("role=7")));
	joined = router.head;
	publish(VALUES, "4");
	publish(VALUES, "5");
	assert_false(router_holds_for(&router, &b, before));
	assert_true(router_holds_for(&router, &b, joined));
	assert_false(router_holds(&router, stream_at(&router, "/both"), FRAME_EVENTS, joined));
	router_go_live(&router, &b, joined);
	assert_sees(&router, &b, "4 5 ");
	router_restart(&router, router.head);
	assert_false(router_holds_for(&router, &b, joined));
	assert_true(router_holds(&router, stream_at(&router, "/both"), FRAME_EVENTS, router.head));
}

TEST(what_nobody_is_there_for_is_asked_for_as_well)
{
	struct cursor before = router.head;

	subscriber_leave(&a);
	publish(VALUES, "3");
	assert_int_equal(stream_at(&router, "/both")->next, 0);
	assert_false(router_holds(&router, stream_at(&router, "/both"), FRAME_EVENTS, before));
}

TEST(one_of_many_who_see_the_row_still_is_not_told_that_it_was_left)
{
	static char names[2000][16];
	struct text items[2000], left = T("store=7");
	struct event event = {.at = AT(2, 1),
			      .topic = T("orders"),
			      .name = T("left"),
			      .audience = {&left, 1},
			      .data = T("6"),
			      .unless = {items, 2000}};

	for (size_t i = 0; i < 2000; i++) {
		snprintf(names[i], sizeof(names[i]), "store=%zu", i + 100);
		items[i] = text_of(names[i]);
	}
	join_live(&router, &b, "/stores", KEYS(T("store=7")));
	join_live(&router, &c, "/stores", KEYS(T("store=7"), T("store=1500")));
	router_publish(&router, &event);
	assert_sees(&router, &b, "6 ");
	assert_sees(&router, &c, "");
}

/* So much of the processor the rest of the test may take; of a busy machine's time it may take
 * more. */
static void allow_cpu(time_t seconds)
{
	assert_int_equal(
		setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = seconds}, NULL), 0);
}

TEST(each_of_very_many_values_is_looked_at_once_for_each_key_of_a_match)
{
	static char names[60000][16];
	static struct text items[60001];
	struct event event = {.at = AT(2, 1),
			      .topic = T("orders"),
			      .name = T("left"),
			      .audience = {items, 60000},
			      .data = T("6"),
			      .unless = {items, 60000}};

	for (size_t i = 0; i < 60000; i++) {
		snprintf(names[i], sizeof(names[i]), i % 2 == 0 ? "store=%zu" : "role=%zu", i / 2);
		items[i] = text_of(names[i]);
	}
	join_live(&router, &b, "/three", KEYS(T("store=9"), T("role=9"), T("tenant=1")));
	allow_cpu(10);
	router_publish(&router, &event); /* no tenant: it makes no key */
	assert_true(router_holds(&router, stream_at(&router, "/three"), FRAME_EVENTS, AT(1, 0)));
	items[60000] = T("tenant=1"); /* the last level has one value: 900 million keys */
	event = (struct event){.at = AT(3, 1),
			       .topic = T("orders"),
			       .name = T("insert"),
			       .audience = {items, 60001},
			       .data = T("7")};
	router_publish(&router, &event);
	allow_cpu(0);
	assert_sees(&router, &b, "7 ");
	assert_sees(&router, &a, "7 ");
}

TEST(a_long_value_that_would_stand_in_each_of_many_keys_stands_in_none)
{
	struct cursor before = router.head;
	size_t len = (size_t)128 << 10;
	char *role = xcalloc(1, len + 1), names[1000][16];
	struct text items[1002];
	struct event event = {.at = AT(2, 1),
			      .topic = T("orders"),
			      .name = T("insert"),
			      .audience = {items, 1002},
			      .data = T("8")};

	for (size_t i = 0; i < 1000; i++) {
		snprintf(names[i], sizeof(names[i]), "store=%zu", i);
		items[i] = text_of(names[i]);
	}
	memset(role, 'x', len);
	memcpy(role, "role=", 5);
	items[1000] = (struct text){role, len};
	items[1001] = T("role=7");
	router_publish(&router, &event);
	free(role);
	assert_false(router.holed);
	assert_sees(&router, &a, "8 ");
	assert_false(router_holds(&router, stream_at(&router, "/both"), FRAME_EVENTS, before));
	assert_true(router_holds(&router, stream_at(&router, "/stores"), FRAME_EVENTS, before));
}

/* How many lines of the log the publishing of one event makes. */
static int lines_of(const struct event *event)
{
	int lines = 0, real = dup(STDERR_FILENO), file = memfd_create("stderr", MFD_CLOEXEC);
	char byte;

	fflush(stderr);
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	router_publish(&router, event);
	fflush(stderr);
	dup2(real, STDERR_FILENO);
	for (off_t at = 0; pread(file, &byte, 1, at) == 1; at++)
		lines += byte == '\n';
	close(real);
	close(file);
	return lines;
}

/* So many that their keys are longer than a record may be. */
TEST(what_is_for_more_than_fit_into_the_log_leaves_a_hole_in_its_stream_only_and_blames_no_other)
{
	static struct subscriber crowd[6000];
	static char names[6000][16];
	struct text items[6000];
	struct event event = {.at = AT(2, 1),
			      .topic = T("orders"),
			      .name = T("insert"),
			      .audience = {items, 6000},
			      .data = T("7")};

	for (size_t i = 0; i < 6000; i++) {
		snprintf(names[i], sizeof(names[i]), "store=%08zu", i);
		items[i] = text_of(names[i]);
		join_live(&router, &crowd[i], "/stores", (struct keys){&items[i], 1});
	}
	assert_int_equal(lines_of(&event), 1);
	assert_true(stream_at(&router, "/stores")->holed);
	assert_true(router.holed);
	assert_false(stream_at(&router, "/other")->holed);
	event = (struct event){.at = AT(3, 1),
			       .topic = T("orders"),
			       .name = T("insert"),
			       .audience = {items, 1},
			       .data = T("8")};
	assert_int_equal(lines_of(&event), 0);
	for (size_t i = 0; i < 6000; i++)
		subscriber_leave(&crowd[i]);
}

#define IN_ROUTER(sentence) cmocka_unit_test_setup_teardown(sentence, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROUTER(an_event_for_thousands_reaches_each),
		IN_ROUTER(an_event_for_very_many_reaches_who_is_there_and_nobody_else),
		IN_ROUTER(who_comes_later_asks_the_database_for_it),
		IN_ROUTER(who_has_joined_asks_only_for_what_was_before),
		IN_ROUTER(what_nobody_is_there_for_is_asked_for_as_well),
		IN_ROUTER(one_of_many_who_see_the_row_still_is_not_told_that_it_was_left),
		IN_ROUTER(each_of_very_many_values_is_looked_at_once_for_each_key_of_a_match),
		IN_ROUTER(a_long_value_that_would_stand_in_each_of_many_keys_stands_in_none),
		IN_ROUTER(
			what_is_for_more_than_fit_into_the_log_leaves_a_hole_in_its_stream_only_and_blames_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
