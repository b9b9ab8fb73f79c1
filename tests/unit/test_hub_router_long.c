/* SPDX-License-Identifier: PostgreSQL */
/* Events that are for very many. */
#include "hub/router.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

#include "hub.h"

#define VALUES 400 /* of each of two keys: 160000 routing keys, more than a small log takes */

static struct router router;
static struct subscriber a;

static int open_router(void **state __attribute__((unused)))
{
	struct stream_def def = make_def("/both", "orders", "store,role", NULL);

	log_setup(LOG_ERROR, false);
	a = (struct subscriber){.stream = NULL};
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	define(&router, &def, 1);
	join_live(&router, &a, "/both", KEYS(T("store=7"), T("role=7")));
	return 0;
}

static int close_router(void **state __attribute__((unused)))
{
	subscriber_leave(&a);
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
			      .data = frame_text(data)};

	for (size_t i = 0; i < 2 * values; i++) {
		snprintf(names[i], sizeof(names[i]), i % 2 == 0 ? "store=%zu" : "role=%zu", i / 2);
		items[i] = frame_text(names[i]);
	}
	router_publish(&router, &event);
}

TEST(an_event_for_thousands_reaches_each)
{
	publish(7, "1"); /* 0 to 6 */
	publish(50, "2");
	assert_sees(&router, &a, "2 ");
}

/* Its keys alone are longer than a record may be: it is in the log, or the log does not claim so.
 */
TEST(an_event_that_cannot_be_logged_is_not_passed_over_in_silence)
{
	assert_false(router.gap);
	publish(VALUES, "3");
	assert_true(router.gap);
	router_restart(&router, router.head);
	assert_false(router.gap);
}

/* How many lines of the log the publishing of one event makes. */
static int lines_of(size_t values)
{
	int lines = 0, real = dup(STDERR_FILENO), file = memfd_create("stderr", MFD_CLOEXEC);
	char c;

	fflush(stderr);
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	publish(values, "4");
	fflush(stderr);
	dup2(real, STDERR_FILENO);
	for (off_t at = 0; pread(file, &c, 1, at) == 1; at++)
		lines += c == '\n';
	close(real);
	close(file);
	return lines;
}

TEST(an_event_after_one_that_cannot_be_logged_is_not_blamed)
{
	assert_int_equal(lines_of(VALUES), 1);
	assert_true(router.gap);
	assert_int_equal(lines_of(7), 0);
	assert_true(router.gap);
}

#define IN_ROUTER(sentence) cmocka_unit_test_setup_teardown(sentence, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROUTER(an_event_for_thousands_reaches_each),
		IN_ROUTER(an_event_that_cannot_be_logged_is_not_passed_over_in_silence),
		IN_ROUTER(an_event_after_one_that_cannot_be_logged_is_not_blamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
