/* SPDX-License-Identifier: PostgreSQL */
#include "base/list.h"

#include "unit.h"

struct item {
	int number;
	struct list link;
};

static void add(struct list *head, struct item *items, int count)
{
	list_init(head);
	for (int at = 0; at < count; at++) {
		items[at].number = at + 1;
		list_node_init(&items[at].link);
		list_append(head, &items[at].link);
	}
}

/* The numbers in order as the digits of one number: 1, 2, 3 is 123. */
static int digits(struct list *head)
{
	int sum = 0;

	list_each (node, next, head)
		sum = sum * 10 + container_of(node, struct item, link)->number;
	return sum;
}

TEST(a_new_list_is_empty)
{
	struct list head;

	list_init(&head);
	assert_true(list_empty(&head));
	assert_int_equal(digits(&head), 0);
}

TEST(nodes_come_in_the_order_they_were_appended)
{
	struct item items[3];
	struct list head;

	add(&head, items, 3);
	assert_int_equal(digits(&head), 123);
	assert_ptr_equal(list_first(&head, struct item, link), &items[0]);
}

TEST(a_node_can_be_removed_twice)
{
	struct item items[3];
	struct list head;

	add(&head, items, 3);
	list_remove(&items[1].link);
	list_remove(&items[1].link);
	assert_false(list_linked(&items[1].link));
	assert_int_equal(digits(&head), 13);
}

TEST(a_node_that_was_never_in_a_list_can_be_removed)
{
	struct list node;

	list_node_init(&node);
	assert_false(list_linked(&node));
	list_remove(&node);
	assert_false(list_linked(&node));
}

TEST(a_walk_may_remove_every_node_it_stands_on)
{
	struct item items[4];
	struct list head;
	int seen = 0;

	add(&head, items, 4);
	list_each (node, next, &head) {
		seen = seen * 10 + container_of(node, struct item, link)->number;
		list_remove(node);
	}
	assert_int_equal(seen, 1234);
	assert_true(list_empty(&head));
}

TEST(a_splice_moves_all_nodes_to_the_end)
{
	struct item low[2], high[2];
	struct list to, from;

	add(&to, low, 2);
	add(&from, high, 2);
	list_splice(&to, &from);
	assert_int_equal(digits(&to), 1212);
	assert_true(list_empty(&from));
	list_remove(&high[1].link);
	list_remove(&low[0].link);
	assert_int_equal(digits(&to), 21);
}

TEST(a_splice_of_nothing_changes_nothing)
{
	struct item items[2];
	struct list to, from;

	add(&to, items, 2);
	list_init(&from);
	list_splice(&to, &from);
	assert_int_equal(digits(&to), 12);
	list_splice(&from, &to);
	assert_int_equal(digits(&from), 12);
	assert_true(list_empty(&to));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_list_is_empty),
		cmocka_unit_test(nodes_come_in_the_order_they_were_appended),
		cmocka_unit_test(a_node_can_be_removed_twice),
		cmocka_unit_test(a_node_that_was_never_in_a_list_can_be_removed),
		cmocka_unit_test(a_walk_may_remove_every_node_it_stands_on),
		cmocka_unit_test(a_splice_moves_all_nodes_to_the_end),
		cmocka_unit_test(a_splice_of_nothing_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
