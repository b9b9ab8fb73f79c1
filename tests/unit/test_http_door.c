/* SPDX-License-Identifier: PostgreSQL */
#include "http/door.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/files.h"
#include "unit.h"

static struct loop loop;
static struct door door;
static int clients[3], entered;
static bool full;
static int error_to_come;
static struct rlimit before;

/* The kernel's answer, unless a test has another one. */
int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	int (*real)(int, struct sockaddr *, socklen_t *, int);

	*(void **)&real = dlsym(RTLD_NEXT, "accept4");
	if (error_to_come == 0)
		return real(fd, address, len, flags);
	errno = error_to_come;
	return -1;
}

static bool is_full(const struct door *d)
{
	(void)d;
	return full;
}

static void enter(struct door *d, int fd, const struct sockaddr *address, socklen_t len)
{
	(void)d;
	assert_true(address->sa_family == AF_UNIX ||
		    (address->sa_family == AF_INET && len == sizeof(struct sockaddr_in)));
	entered++;
	close(fd);
}

static void have_entered(struct door *d)
{
	(void)d;
}

static const struct door_calls calls = {
	.is_full = is_full, .enter = enter, .entered = have_entered};

static void come(size_t client)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	assert_int_equal(
		getsockname(door.listening.sockets[0].fd, (struct sockaddr *)&address, &len), 0);
	clients[client] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(clients[client], -1);
	assert_int_equal(connect(clients[client], (struct sockaddr *)&address, len), 0);
}

static int set_up(void **state)
{
	(void)state;
	entered = error_to_come = 0;
	full = false;
	clients[0] = clients[1] = clients[2] = -1;
	getrlimit(RLIMIT_NOFILE, &before);
	if (!loop_open(&loop))
		return -1;
	door_init(&door, &loop, 2, &calls);
	return listening_bind(&door.listening, "127.0.0.1:0") ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	setrlimit(RLIMIT_NOFILE, &before);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		if (clients[i] != -1)
			close(clients[i]);
	door_close(&door);
	loop_close(&loop);
	return 0;
}

static void set_limit(rlim_t files)
{
	struct rlimit limit = {.rlim_cur = files, .rlim_max = before.rlim_max};

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void turn_until_tried_again(void)
{
	assert_true(timer_pending(&door.retry));
	timers_fire(&loop.timers, door.retry.due_ms);
}

/* Whatever is the matter, it opens when that is over, and nothing else happens in between: no
 * timer, no descriptor is ready. */
static void assert_shuts_by(int error)
{
	door_open(&door);
	come(0);
	error_to_come = error;
	loop_turn(&loop, 1000);
	assert_true(door_is_shut(&door));
	assert_int_equal(door.inlets[0].watch.fd, -1);
	turn_until_tried_again();
	assert_true(door_is_shut(&door));
	assert_int_equal(entered, 0);
	error_to_come = 0;
	turn_until_tried_again();
	assert_false(door_is_shut(&door));
	assert_int_equal(entered, 1);
	assert_int_equal(door.shut_count, 1);
	come(1);
	loop_turn(&loop, 1000);
	assert_int_equal(entered, 2);
}

TEST(a_process_without_descriptors_lets_in_again_by_itself)
{
	assert_shuts_by(EMFILE);
}

TEST(a_system_without_descriptors_lets_in_again_by_itself)
{
	assert_shuts_by(ENFILE);
}

TEST(a_system_without_memory_lets_in_again_by_itself)
{
	assert_shuts_by(ENOMEM);
}

TEST(a_system_without_buffers_lets_in_again_by_itself)
{
	assert_shuts_by(ENOBUFS);
}

TEST(one_who_has_left_already_shuts_nothing)
{
	door_open(&door);
	come(0);
	error_to_come = ECONNABORTED;
	loop_turn(&loop, 1000);
	assert_false(door_is_shut(&door));
	error_to_come = 0;
	loop_turn(&loop, 1000);
	assert_int_equal(entered, 1);
}

TEST(what_is_kept_for_the_database_stays_free)
{
	door_open(&door);
	come(0);
	come(1);
	set_limit((rlim_t)clients[1] + 3); /* a quarter of that is kept */
	loop_turn(&loop, 1000);
	assert_int_equal(entered, 1);
	assert_true(door_is_shut(&door));
	turn_until_tried_again();
	assert_int_equal(entered, 1);
	set_limit(before.rlim_cur);
	turn_until_tried_again();
	assert_int_equal(entered, 2);
	assert_false(door_is_shut(&door));
}

TEST(a_limit_below_what_is_open_shuts_until_it_is_raised)
{
	door_open(&door);
	come(0);
	set_limit(4);
	loop_turn(&loop, 1000);
	assert_true(door_is_shut(&door));
	turn_until_tried_again();
	assert_int_equal(entered, 0);
	set_limit(before.rlim_cur);
	turn_until_tried_again();
	assert_int_equal(entered, 1);
}

TEST(nobody_needs_to_wait_for_a_shut_door_to_open)
{
	door_open(&door);
	come(0);
	error_to_come = EMFILE;
	loop_turn(&loop, 1000);
	assert_true(door_is_shut(&door));
	error_to_come = EAGAIN; /* who waited has left */
	turn_until_tried_again();
	assert_false(door_is_shut(&door));
	assert_int_equal(door.inlets[0].watch.fd, door.listening.sockets[0].fd);
}

TEST(who_comes_when_it_is_full_waits_for_a_look)
{
	door_open(&door);
	full = true;
	come(0);
	loop_turn(&loop, 1000);
	assert_int_equal(entered, 0);
	assert_false(door_is_shut(&door));
	door_look(&door);
	assert_int_equal(door.inlets[0].watch.fd, -1);
	full = false;
	door_look(&door);
	loop_turn(&loop, 1000);
	assert_int_equal(entered, 1);
}

TEST(a_door_that_is_full_and_shut_opens_when_it_is_neither)
{
	door_open(&door);
	come(0);
	error_to_come = EMFILE;
	loop_turn(&loop, 1000);
	full = true;
	error_to_come = 0;
	turn_until_tried_again();
	assert_int_equal(entered, 0);
	full = false;
	door_look(&door);
	turn_until_tried_again();
	assert_int_equal(entered, 1);
	assert_false(door_is_shut(&door));
}

TEST(nobody_is_let_in_before_it_opens)
{
	come(0);
	loop_turn(&loop, 0);
	door_look(&door);
	assert_int_equal(entered, 0);
	door_open(&door);
	loop_turn(&loop, 1000);
	assert_int_equal(entered, 1);
}

static int connect_unix(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(name.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0)
		return fd;
	close(fd);
	return -1;
}

TEST(it_listens_at_several_addresses_and_at_paths)
{
	char directory[] = "/tmp/pgherald-door.XXXXXX", addresses[200], path[100];
	struct door several;
	struct stat st;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/http", directory);
	snprintf(addresses, sizeof(addresses), "127.0.0.1:0, unix:%s,127.0.0.1:0", path);
	door_init(&several, &loop, 2, &calls);
	assert_true(listening_bind(&several.listening, addresses));
	assert_int_equal(several.listening.count, 3);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	door_open(&several);
	clients[0] = connect_unix(path);
	assert_int_not_equal(clients[0], -1);
	loop_turn(&loop, 1000);
	assert_int_equal(entered, 1);
	full = true;
	clients[1] = connect_unix(path);
	loop_turn(&loop, 1000);
	assert_int_equal(entered, 1);
	for (size_t i = 0; i < several.listening.count; i++)
		assert_int_equal(several.inlets[i].watch.fd, -1);
	full = false;
	door_look(&several);
	loop_turn(&loop, 1000);
	assert_int_equal(entered, 2);
	door_close(&several);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_process_without_descriptors_lets_in_again_by_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_system_without_descriptors_lets_in_again_by_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_system_without_memory_lets_in_again_by_itself,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_system_without_buffers_lets_in_again_by_itself,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_who_has_left_already_shuts_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_kept_for_the_database_stays_free, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_limit_below_what_is_open_shuts_until_it_is_raised,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_needs_to_wait_for_a_shut_door_to_open,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_comes_when_it_is_full_waits_for_a_look, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_door_that_is_full_and_shut_opens_when_it_is_neither, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_is_let_in_before_it_opens, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_listens_at_several_addresses_and_at_paths,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
