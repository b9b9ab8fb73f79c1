/* SPDX-License-Identifier: PostgreSQL */
#include "pg/replay.h"

#include "unit.h"

/* A stream with a snapshot begins anew with the same catchup: it is not to pay for what its former
 * page has met. */
TEST(what_is_cancelled_begins_without_the_troubles_of_before)
{
	struct catchup c = {.care = 2, .cut = true, .doubtful = true, .early = 150};
	struct catchup_ops ops;
	struct replay replay;
	struct loop loop;

	assert_true(loop_open(&loop));
	replay_init(&replay, &loop, NULL, 1000);
	ops = replay_ops(&replay);
	list_node_init(&c.link);
	ops.submit(ops.ctx, &c);
	assert_true(list_linked(&c.link));
	ops.cancel(ops.ctx, &c);
	assert_false(list_linked(&c.link));
	assert_int_equal(c.care, 0);
	assert_int_equal(c.early, 0);
	assert_false(c.cut || c.doubtful);
	replay_release(&replay);
	loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_cancelled_begins_without_the_troubles_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
