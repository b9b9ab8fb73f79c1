/* SPDX-License-Identifier: PostgreSQL */
#include "pg/hosts.h"

#include <unistd.h>

#include "dns.h"
#include "unit.h"

static struct loop loop;
static struct hosts hosts;
static int known;

static void on_known(struct hosts *h)
{
	(void)h;
	known++;
}

static int set_up(void **state)
{
	static const char *const others[] = {"PGHOST",    "PGHOSTADDR",    "PGPORT",
					     "PGSERVICE", "PGSERVICEFILE", "PGDATABASE"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		unsetenv(others[i]);
	known = dns_asked = 0;
	dns_hangs = true;
	if (!loop_open(&loop))
		return -1;
	hosts_init(&hosts, &loop, on_known);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hosts_release(&hosts);
	loop_close(&loop);
	dns_go_on(false);
	return 0;
}

static void wait_until_known(void)
{
	for (int turns = 0; known == 0; turns++) {
		assert_true(turns < 200);
		loop_turn(&loop, 100);
	}
	assert_int_equal(known, 1);
}

static void assert_lists(const char *host, const char *hostaddr, const char *port)
{
	struct buf why;

	buf_init(&why);
	assert_true(hosts_usable(&hosts, &why));
	assert_string_equal(hosts.host.data, host);
	assert_string_equal(hosts.hostaddr.data, hostaddr);
	assert_string_equal(hosts.port.data, port);
	buf_release(&why);
}

static void assert_becomes(const char *conninfo, const char *host, const char *hostaddr,
			   const char *port)
{
	known = 0;
	assert_true(hosts_find(&hosts, conninfo));
	assert_int_equal(known, 0);
	wait_until_known();
	assert_lists(host, hostaddr, port);
}

static void pass_over(const char *name, const char *address, const char *port)
{
	hosts_skip(&hosts, &(struct hosts_place){name, address, port});
}

TEST(a_name_keeps_its_name_and_gets_its_addresses)
{
	assert_becomes("host=7 dbname=x", "7", "10.0.0.7", "5432");
	assert_becomes("postgresql://u:p@7.8:5433/x?sslmode=verify-full", "7.8,7.8",
		       "10.0.0.7,10.0.0.8", "5433,5433");
}

TEST(each_of_several_hosts_keeps_its_place_and_port)
{
	assert_becomes("postgresql://1:5001,2.3:5002,4/x", "1,2.3,2.3,4",
		       "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4", "5001,5002,5002,");
	assert_becomes("host=1,2 port=6000", "1,2", "10.0.0.1,10.0.0.2", "6000,6000");
}

TEST(what_is_no_name_stays_beside_one)
{
	assert_becomes("host=/tmp,@abstract,127.0.0.1,::1,5,", "/tmp,@abstract,127.0.0.1,::1,5,",
		       ",,127.0.0.1,::1,10.0.0.5,", "5432,5432,5432,5432,5432,5432");
	assert_becomes("host=a,6 hostaddr=192.0.2.1,", "a,6", "192.0.2.1,10.0.0.6", "5432,5432");
	assert_int_equal(dns_count(), 2);
}

TEST(where_no_name_is_nothing_is_looked_up)
{
	static const char *const conninfos[] = {
		NULL,
		"",
		"dbname=x",
		"host=/tmp",
		"host=127.0.0.1 port=5",
		"postgresql://[::1]:5/x",
		"host=a hostaddr=127.0.0.1",
		"hostaddr=127.0.0.1",
		"host=@abstract",
		"host=,",
		"host=1,2 hostaddr=127.0.0.1",
		"host=1,2,3 port=1,2",
		"no conninfo at all",
		"host=1 nonsense=2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(conninfos); i++)
		assert_false(hosts_find(&hosts, conninfos[i]));
	assert_int_equal(dns_count(), 0);
}

TEST(environment_and_service_files_are_read_as_libpq_does)
{
	char path[] = "/tmp/pgherald-service-XXXXXX";
	int fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	dprintf(fd, "[here]\nhost=4\nport=7000\n");
	close(fd);
	setenv("PGSERVICEFILE", path, 1);
	assert_becomes("service=here", "4", "10.0.0.4", "7000");
	assert_becomes("service=here host=5", "5", "10.0.0.5", "7000");
	setenv("PGHOST", "6", 1);
	assert_becomes("service=here", "4", "10.0.0.4", "7000");
	assert_becomes("", "6", "10.0.0.6", "5432");
	assert_becomes(NULL, "6", "10.0.0.6", "5432");
	setenv("PGSERVICE", "here", 1);
	assert_becomes("", "4", "10.0.0.4", "7000");
	unlink(path);
}

TEST(a_host_without_an_address_is_left_out)
{
	assert_becomes("host=none,3,none port=1,2,3", "3", "10.0.0.3", "2");
}

TEST(without_any_address_there_is_a_reason)
{
	struct buf why;

	buf_init(&why);
	assert_true(hosts_find(&hosts, "host=none"));
	wait_until_known();
	assert_false(hosts_usable(&hosts, &why));
	assert_string_equal(
		why.data,
		"could not translate host name \"none\" to address: Name or service not known");
	buf_release(&why);
}

TEST(of_several_hosts_one_that_is_not_answered_is_waited_for_a_while_only)
{
	assert_true(hosts_find(&hosts, "host=hangs,3"));
	loop_turn(&loop, 1000);
	assert_int_equal(known, 0);
	timers_fire(&loop.timers, hosts.patience.due_ms);
	for (int turns = 0; known == 0; turns++) { /* the answer for 3 may still be on its way */
		assert_true(turns < 200);
		loop_turn(&loop, 100);
	}
	assert_lists("3", "10.0.0.3", "5432");
	dns_go_on(false);
	loop_turn(&loop, 100);
	assert_int_equal(known, 1);
}

TEST(the_only_host_is_waited_for_until_its_owner_gives_up)
{
	assert_true(hosts_find(&hosts, "host=hangs"));
	timers_fire(&loop.timers, hosts.patience.due_ms);
	assert_int_equal(known, 0);
	hosts_release(&hosts);
	assert_true(hosts_find(&hosts, "host=hangs"));
	dns_go_on(false);
	wait_until_known();
	assert_lists("hangs", "10.0.0.9", "5432");
}

TEST(an_address_that_is_silent_is_the_last_one_next_time)
{
	assert_becomes("host=1,2.3 port=6000", "1,2.3,2.3", "10.0.0.1,10.0.0.2,10.0.0.3",
		       "6000,6000,6000");
	pass_over("", "10.0.0.2", "6000");
	assert_becomes("host=1,2.3 port=6000", "2.3,1,2.3", "10.0.0.3,10.0.0.1,10.0.0.2",
		       "6000,6000,6000");
	pass_over("", "10.0.0.3", "6000");
	assert_becomes("host=1,2.3 port=6000", "1,2.3,2.3", "10.0.0.1,10.0.0.2,10.0.0.3",
		       "6000,6000,6000");
	pass_over("", "10.0.0.1", "6000");
	hosts_worked(&hosts);
	assert_becomes("host=1,2.3 port=6000", "1,2.3,2.3", "10.0.0.1,10.0.0.2,10.0.0.3",
		       "6000,6000,6000");
}

TEST(numbers_are_skipped_as_well_and_the_port_tells_which)
{
	const char *conninfo = "host=127.0.0.1,127.0.0.1,/tmp port=1,2,3";

	assert_false(hosts_find(&hosts, conninfo));
	assert_lists("127.0.0.1,127.0.0.1,/tmp", "127.0.0.1,127.0.0.1,", "1,2,3");
	pass_over("", "127.0.0.1", "2");
	assert_false(hosts_find(&hosts, conninfo));
	assert_lists("/tmp,127.0.0.1,127.0.0.1", ",127.0.0.1,127.0.0.1", "3,1,2");
}

TEST(addresses_without_a_name_are_skipped_as_well)
{
	const char *conninfo = "hostaddr=127.0.0.1,127.0.0.2 port=5";

	assert_false(hosts_find(&hosts, conninfo));
	assert_lists(",", "127.0.0.1,127.0.0.2", "5,5");
	assert_int_equal(hosts_connect_ms(&hosts), HOSTS_PATIENCE_MS);
	pass_over("127.0.0.1", "127.0.0.1", "5");
	assert_false(hosts_find(&hosts, conninfo));
	assert_lists(",", "127.0.0.2,127.0.0.1", "5,5");
	setenv("PGHOSTADDR", "127.0.0.3,127.0.0.4", 1);
	hosts_worked(&hosts);
	assert_false(hosts_find(&hosts, "port=5"));
	assert_lists(",", "127.0.0.3,127.0.0.4", "5,5");
	unsetenv("PGHOSTADDR");
}

/* Its postmaster is frozen: the kernel takes the connection, and nobody answers. */
TEST(a_socket_that_is_silent_is_skipped_by_its_path)
{
	const char *conninfo = "host=/a,/b,,127.0.0.1 port=5";

	assert_false(hosts_find(&hosts, conninfo));
	pass_over("/b", "", "5");
	assert_false(hosts_find(&hosts, conninfo));
	assert_lists(",127.0.0.1,/a,/b", ",127.0.0.1,,", "5,5,5,5");
	pass_over("/var/run/postgresql", "", "5"); /* the default one has no name */
	assert_false(hosts_find(&hosts, conninfo));
	assert_lists("127.0.0.1,/a,/b,", "127.0.0.1,,,", "5,5,5,5");
}

TEST(the_same_address_may_be_written_in_several_ways)
{
	static const char *const same[][2] = {{"2001:DB8::1", "2001:db8::1"},
					      {"2001:db8:0:0::1", "2001:db8::1"},
					      {"fe80::1%eth0", "fe80::1"}};

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		char conninfo[100];

		snprintf(conninfo, sizeof(conninfo), "host=127.0.0.1,%s,127.0.0.2", same[i][0]);
		hosts_worked(&hosts);
		assert_false(hosts_find(&hosts, conninfo));
		pass_over(same[i][0], same[i][1], "5432");
		assert_false(hosts_find(&hosts, conninfo));
		assert_memory_equal(hosts.host.data, "127.0.0.2,127.0.0.1,", 20);
	}
}

TEST(where_nobody_knows_the_silent_address_the_first_one_is_passed_over)
{
	const char *conninfo = "host=127.0.0.1,127.0.0.2,127.0.0.3 port=5";

	assert_false(hosts_find(&hosts, conninfo));
	pass_over("x", "192.0.2.1", "5");
	assert_false(hosts_find(&hosts, conninfo));
	assert_lists("127.0.0.2,127.0.0.3,127.0.0.1", "127.0.0.2,127.0.0.3,127.0.0.1", "5,5,5");
	pass_over("", "", "");
	assert_false(hosts_find(&hosts, conninfo));
	assert_lists("127.0.0.3,127.0.0.1,127.0.0.2", "127.0.0.3,127.0.0.1,127.0.0.2", "5,5,5");
}

static void assert_alone(const char *conninfo, const char *name, const char *address,
			 const char *port, const char *const *lists)
{
	struct hosts alone;

	if (hosts_find(&hosts, conninfo))
		wait_until_known();
	known = 0;
	hosts_init(&alone, &loop, on_known);
	hosts_only(&alone, &hosts, &(struct hosts_place){name, address, port});
	assert_string_equal(alone.host.data, lists[0]);
	assert_string_equal(alone.hostaddr.data, lists[1]);
	assert_string_equal(alone.port.data, lists[2]);
	hosts_release(&alone);
}

TEST(a_connection_can_be_sent_to_where_another_one_is)
{
	assert_alone("host=1,2.3 port=6000", "2.3", "10.0.0.3", "6000",
		     (const char *[]){"2.3", "10.0.0.3", "6000"});
	/* an empty list is none */
	assert_alone("host=/a,/b", "/b", "", "5432", (const char *[]){"/b,/b", ",", "5432,5432"});
	assert_alone("host=/a", "/a", "", "5432", (const char *[]){"/a", "", "5432"});
	assert_alone("hostaddr=127.0.0.1,127.0.0.2", "127.0.0.2", "127.0.0.2", "5432",
		     (const char *[]){"127.0.0.2", "127.0.0.2", "5432"});
	assert_alone("host=fe80::1%lo", "fe80::1%lo", "fe80::1", "5432",
		     (const char *[]){"fe80::1%lo", "fe80::1%lo", "5432"});
	assert_alone("", "/var/run/postgresql", "", "5432",
		     (const char *[]){"/var/run/postgresql", "", "5432"});
}

TEST(a_connection_can_begin_where_another_one_is_until_that_is_silent)
{
	const struct hosts_place third = {"2.3", "10.0.0.3", "5"},
				 elsewhere = {"7", "10.0.0.7", "5"};

	assert_becomes("host=1,2.3 port=5", "1,2.3,2.3", "10.0.0.1,10.0.0.2,10.0.0.3", "5,5,5");
	hosts_begin_with(&hosts, &elsewhere);
	assert_lists("1,2.3,2.3", "10.0.0.1,10.0.0.2,10.0.0.3", "5,5,5");
	hosts_begin_with(&hosts, &third);
	assert_lists("2.3,1,2.3", "10.0.0.3,10.0.0.1,10.0.0.2", "5,5,5");
	pass_over("2.3", "10.0.0.3", "5");
	assert_becomes("host=1,2.3 port=5", "1,2.3,2.3", "10.0.0.1,10.0.0.2,10.0.0.3", "5,5,5");
	hosts_begin_with(&hosts, &third);
	assert_lists("1,2.3,2.3", "10.0.0.1,10.0.0.2,10.0.0.3", "5,5,5");
}

/* libpq takes an empty list for none, and would read the ports that are written for two hosts. */
TEST(of_several_hosts_the_only_one_left_keeps_a_default_port)
{
	assert_becomes("host=none,3 port=5001,", "3,3", "10.0.0.3,10.0.0.3", ",");
}

TEST(where_all_have_been_silent_each_is_given_more_time)
{
	assert_false(hosts_find(&hosts, "host=127.0.0.1,127.0.0.2"));
	assert_int_equal(hosts_connect_ms(&hosts), HOSTS_PATIENCE_MS);
	pass_over("", "127.0.0.1", "5432");
	assert_int_equal(hosts_connect_ms(&hosts), HOSTS_PATIENCE_MS);
	pass_over("", "127.0.0.2", "5432");
	assert_int_equal(hosts_connect_ms(&hosts), HOSTS_CONNECT_MS);
	hosts_worked(&hosts);
	assert_int_equal(hosts_connect_ms(&hosts), HOSTS_PATIENCE_MS);
	assert_false(hosts_find(&hosts, "host=127.0.0.1"));
	assert_int_equal(hosts_connect_ms(&hosts), HOSTS_CONNECT_MS);
}

TEST(more_hosts_than_there_is_room_for_are_left_to_libpq)
{
	assert_becomes(
		"host=1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7", "1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7",
		"10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9,"
		"10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,"
		"10.0.0.6,10.0.0.7",
		"5432,5432,5432,5432,5432,5432,5432,5432,5432,5432,5432,5432,5432,5432,5432,5432");
	assert_false(hosts_find(&hosts, "host=1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_keeps_its_name_and_gets_its_addresses,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_of_several_hosts_keeps_its_place_and_port,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_name_stays_beside_one, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(where_no_name_is_nothing_is_looked_up, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			environment_and_service_files_are_read_as_libpq_does, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_host_without_an_address_is_left_out, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(without_any_address_there_is_a_reason, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			of_several_hosts_one_that_is_not_answered_is_waited_for_a_while_only,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_only_host_is_waited_for_until_its_owner_gives_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_address_that_is_silent_is_the_last_one_next_time,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			numbers_are_skipped_as_well_and_the_port_tells_which, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses_without_a_name_are_skipped_as_well,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_socket_that_is_silent_is_skipped_by_its_path,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_address_may_be_written_in_several_ways,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			where_nobody_knows_the_silent_address_the_first_one_is_passed_over, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_connection_can_be_sent_to_where_another_one_is,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_connection_can_begin_where_another_one_is_until_that_is_silent, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			of_several_hosts_the_only_one_left_keeps_a_default_port, set_up, tear_down),
		cmocka_unit_test_setup_teardown(where_all_have_been_silent_each_is_given_more_time,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(more_hosts_than_there_is_room_for_are_left_to_libpq,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
