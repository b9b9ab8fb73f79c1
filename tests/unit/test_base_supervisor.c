/* SPDX-License-Identifier: PostgreSQL */
#include "base/supervisor.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

static char heard[100];

static int hear_at(const char *place)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(name.sun_path, place, strlen(place));
	if (place[0] == '@')
		name.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (const struct sockaddr *)&name,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(place))),
			 0);
	setenv("NOTIFY_SOCKET", place, 1);
	return fd;
}

static const char *hear(int fd)
{
	ssize_t got = recv(fd, heard, sizeof(heard) - 1, 0);

	heard[got < 0 ? 0 : got] = '\0';
	return heard;
}

static void assert_told(const char *place)
{
	int fd = hear_at(place);

	supervisor_ready();
	assert_string_equal(hear(fd), "READY=1");
	supervisor_reloading();
	assert_int_equal(strncmp(hear(fd), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	assert_true(atoll(heard + 27) > 0);
	supervisor_stopping();
	assert_string_equal(hear(fd), "STOPPING=1");
	close(fd);
}

TEST(who_started_it_is_told_at_a_path)
{
	char directory[] = "/tmp/pgherald-supervisor.XXXXXX", place[60];

	assert_non_null(mkdtemp(directory));
	snprintf(place, sizeof(place), "%s/notify", directory);
	assert_told(place);
	supervisor_ready(); /* nobody listens any more */
	unlink(place);
	rmdir(directory);
	supervisor_ready();
}

TEST(who_started_it_is_told_at_an_abstract_name)
{
	char place[60];

	snprintf(place, sizeof(place), "@pgherald-supervisor-%d", (int)getpid());
	assert_told(place);
}

TEST(without_a_name_or_with_one_that_is_too_long_nobody_is_told)
{
	char place[300];

	unsetenv("NOTIFY_SOCKET");
	supervisor_ready();
	setenv("NOTIFY_SOCKET", "", 1);
	supervisor_ready();
	memset(place, 'x', sizeof(place));
	place[sizeof(place) - 1] = '\0';
	setenv("NOTIFY_SOCKET", place, 1);
	supervisor_ready();
	unsetenv("NOTIFY_SOCKET");
}

TEST(a_watchdog_hears_twice_in_its_time)
{
	char place[60], pid[20];
	int fd;

	snprintf(place, sizeof(place), "@pgherald-watchdog-%d", (int)getpid());
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(supervisor_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(supervisor_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(supervisor_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1); /* another process is watched */
	assert_int_equal(supervisor_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "nonsense", 1);
	assert_int_equal(supervisor_watchdog_ms(), 0);
	unsetenv("WATCHDOG_USEC");
	fd = hear_at(place);
	supervisor_alive();
	assert_string_equal(hear(fd), "WATCHDOG=1");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_started_it_is_told_at_a_path),
		cmocka_unit_test(who_started_it_is_told_at_an_abstract_name),
		cmocka_unit_test(a_watchdog_hears_twice_in_its_time),
		cmocka_unit_test(without_a_name_or_with_one_that_is_too_long_nobody_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
