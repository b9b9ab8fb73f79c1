/* SPDX-License-Identifier: PostgreSQL */
#include "base/activation.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base.h"
#include "unit.h"

static struct sockaddr_in four;
static struct sockaddr_un path;
static char place[60];

static void say(const char *count, long pid)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", pid);
	setenv("LISTEN_FDS", count, 1);
	setenv("LISTEN_PID", text, 1);
}

/* As the service manager does it: the sockets are the descriptors from 3 on. */
static int set_up(void **state)
{
	int one = socket(AF_INET, SOCK_STREAM, 0), two = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t len = sizeof(four);

	(void)state;
	four = (struct sockaddr_in){.sin_family = AF_INET};
	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	path = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(place, sizeof(place), "/tmp/pgherald-activation.%d", (int)getpid());
	memcpy(path.sun_path, place, strlen(place));
	assert_int_equal(bind(one, (struct sockaddr *)&four, sizeof(four)), 0);
	assert_int_equal(getsockname(one, (struct sockaddr *)&four, &len), 0);
	assert_int_equal(bind(two, (struct sockaddr *)&path, sizeof(path)), 0);
	assert_int_equal(listen(one, 1) | listen(two, 1), 0);
	one = fcntl(one, F_DUPFD, 20);
	two = fcntl(two, F_DUPFD, 20);
	assert_int_equal(dup2(one, 3), 3);
	assert_int_equal(dup2(two, 4), 4);
	close(one);
	close(two);
	say("2", (long)getpid());
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	close(3);
	close(4);
	unlink(place);
	return 0;
}

TEST(a_socket_is_found_by_its_address)
{
	int fd = activation_take((struct sockaddr *)&four);

	assert_int_equal(activation_count(), 2);
	assert_true(fd > 4);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(3, F_GETFD), FD_CLOEXEC);
	close(fd);
	fd = activation_take((struct sockaddr *)&path);
	assert_true(fd > 4);
	close(fd);
	/* The first one is there still. */
	fd = activation_take((struct sockaddr *)&four);
	assert_true(fd > 4);
	close(fd);
}

TEST(another_address_has_none)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = four.sin_port};

	four.sin_port++;
	path.sun_path[strlen(path.sun_path)] = 'x';
	assert_int_equal(activation_take((struct sockaddr *)&four), -1);
	assert_int_equal(activation_take((struct sockaddr *)&path), -1);
	assert_int_equal(activation_take((struct sockaddr *)&six), -1);
}

TEST(what_was_meant_for_another_process_is_let_be)
{
	say("2", (long)getppid());
	assert_int_equal(activation_count(), 0);
	assert_int_equal(activation_take((struct sockaddr *)&four), -1);
	activation_inherit(getpid()); /* it is not of this parent */
	assert_int_equal(activation_count(), 0);
	activation_inherit(getppid());
	assert_int_equal(activation_count(), 2);
}

TEST(nonsense_is_no_socket)
{
	static const char *const counts[] = {"", "-1", "x", "2x"};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		say(counts[i], (long)getpid());
		assert_int_equal(activation_count(), 0);
	}
	say("1000000", (long)getpid());
	path.sun_path[0] = 'x';
	assert_int_equal(activation_take((struct sockaddr *)&path), -1);
	unsetenv("LISTEN_FDS");
	assert_int_equal(activation_count(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_socket_is_found_by_its_address, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(another_address_has_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_meant_for_another_process_is_let_be,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(nonsense_is_no_socket, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
