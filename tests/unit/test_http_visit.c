/* SPDX-License-Identifier: PostgreSQL */
#include "http/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#define HEAD "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

static struct loop loop;
static struct visits visits;
static struct proxies proxies;
static struct visit *arrived;
static int client, server, rooms;

static void on_arrived(struct visit *v)
{
	arrived = v;
}

static void on_room(struct visits *set)
{
	(void)set;
	rooms++;
}

static int set_up(void **state)
{
	int ends[2];

	(void)state;
	if (!loop_open(&loop) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	client = ends[0];
	server = ends[1];
	arrived = NULL;
	rooms = 0;
	proxies = (struct proxies){.count = 0};
	visits_init(&visits, &loop, &proxies, on_arrived, on_room);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	visits_release(&visits);
	close(client);
	loop_close(&loop);
	return 0;
}

static void arrive(void)
{
	struct sockaddr address = {.sa_family = AF_UNIX};

	visit_begin(&visits, server, &address, sizeof(address));
}

static void say(const char *text)
{
	assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	loop_turn(&loop, 0);
}

/* A visit that is the library's, which has read its head. */
static struct visit *begin(void)
{
	struct visit *v;
	char head[sizeof(HEAD)];

	arrive();
	say(HEAD);
	v = arrived;
	assert_non_null(v);
	visit_hand_over(v);
	assert_int_equal(recv(server, head, sizeof(head), 0), sizeof(HEAD) - 1);
	return v;
}

/* What the library does with a visit: it tells of its end, and closes its own number. */
static void end(struct visit *v)
{
	visit_end(v);
	close(server);
}

static bool is_open(void)
{
	char byte;

	return recv(client, &byte, 1, 0) == -1 && errno == EAGAIN;
}

static void send_more(size_t len)
{
	static char zeros[64 << 10];

	assert_int_equal(send(client, zeros, len, MSG_NOSIGNAL), len);
}

TEST(a_head_that_is_there_is_known_at_once_and_stays_unread)
{
	char head[sizeof(HEAD)];

	assert_int_equal(send(client, HEAD, sizeof(HEAD) - 1, 0), sizeof(HEAD) - 1);
	arrive();
	assert_non_null(arrived);
	assert_int_equal(arrived->head.status, 0);
	assert_int_equal(visits.count, 1);
	visit_hand_over(arrived);
	assert_int_equal(recv(server, head, sizeof(head), 0), sizeof(HEAD) - 1);
	end(arrived);
	assert_int_equal(visits.count, 0);
	assert_int_equal(rooms, 1);
}

TEST(the_head_of_a_trusted_proxy_is_read_off_and_says_who_comes)
{
	static const char line[] = "PROXY TCP4 198.51.100.1 10.0.0.1 4711 443\r\n" HEAD;
	char head[sizeof(HEAD)], address[PROXIES_ADDRESS_MAX];

	proxies.local = true;
	arrive();
	for (const char *at = line; *at != '\0'; at++) {
		char piece[2] = {*at};

		assert_null(arrived);
		say(piece);
	}
	assert_non_null(arrived);
	assert_int_equal(arrived->head.status, 0);
	proxies_print((const struct sockaddr *)&arrived->address, address);
	assert_string_equal(address, "198.51.100.1");
	visit_hand_over(arrived);
	assert_int_equal(recv(server, head, sizeof(head), 0), sizeof(HEAD) - 1);
	end(arrived);
}

TEST(a_trusted_proxy_may_come_without_one)
{
	proxies.local = true;
	end(begin());
	assert_int_equal(visits.count, 0);
}

TEST(a_bad_head_of_a_trusted_proxy_ends_the_visit)
{
	proxies.local = true;
	arrive();
	say("PROXY nonsense\r\n");
	assert_null(arrived);
	assert_false(is_open());
	assert_int_equal(visits.count, 0);
}

TEST(the_head_of_a_stranger_is_a_bad_request)
{
	arrive();
	say("PROXY TCP4 198.51.100.1 10.0.0.1 4711 443\r\n" HEAD);
	assert_non_null(arrived);
	assert_int_equal(arrived->head.status, 400);
	visit_hand_over(arrived);
	end(arrived);
}

TEST(a_head_that_comes_in_pieces_is_known_when_it_is_whole)
{
	arrive();
	for (const char *at = HEAD; *at != '\0'; at++) {
		char piece[2] = {*at};

		assert_null(arrived);
		say(piece);
	}
	assert_non_null(arrived);
	visit_hand_over(arrived);
	end(arrived);
}

TEST(each_byte_of_a_long_head_is_not_a_reading_of_all_of_it)
{
	struct visit *v;

	arrive();
	say("GET /a HTTP/1.1\r\nCookie: a");
	v = list_first(&visits.arriving, struct visit, link);
	v->head.fields = 77; /* a reading would forget this */
	for (int i = 0; i < 100; i++)
		say("b");
	assert_int_equal(v->head.fields, 77);
	say("\r\nHost: a\r\n");
	assert_int_equal(v->head.fields, 2);
	say("\r\n");
	assert_ptr_equal(arrived, v);
	visit_hand_over(v);
	end(v);
}

TEST(a_client_that_leaves_in_the_middle_of_its_head_is_forgotten_at_once)
{
	arrive();
	say("GET /a HT");
	assert_int_equal(visits.count, 1);
	shutdown(client, SHUT_WR);
	loop_turn(&loop, 0);
	assert_int_equal(visits.count, 0);
	assert_null(arrived);
	assert_int_equal(rooms, 1);
	assert_false(is_open());
}

TEST(a_client_that_never_says_a_whole_head_is_late)
{
	int64_t due_ms;

	arrive();
	due_ms = list_first(&visits.arriving, struct visit, link)->deadline.due_ms;
	say("GET /a HT");
	timers_fire(&loop.timers, due_ms - 1);
	assert_true(is_open());
	timers_fire(&loop.timers, due_ms);
	loop_turn(&loop, 0);
	assert_int_equal(visits.count, 0);
	assert_false(is_open());
}

TEST(a_head_that_is_refused_is_answered_and_the_client_may_read_it_while_it_still_sends)
{
	struct buf answer;
	char got[100];

	buf_init(&answer);
	buf_append_str(&answer, "no");
	arrive();
	say("GET /a\r\n");
	assert_non_null(arrived);
	assert_int_equal(arrived->head.status, 400);
	visit_dismiss(arrived, &answer);
	assert_int_equal(visits.count, 0);
	assert_int_equal(visits.lingering_count, 1);
	send_more(10000);
	loop_turn(&loop, 0);
	assert_int_equal(recv(client, got, sizeof(got), 0), 2);
	assert_int_equal(recv(client, got, sizeof(got), 0), 0);
	buf_release(&answer);
}

TEST(a_visit_that_is_late_has_its_socket_shut_down)
{
	struct visit *v = begin();
	int64_t due_ms = v->deadline.due_ms;

	timers_fire(&loop.timers, due_ms - 1);
	assert_true(is_open());
	timers_fire(&loop.timers, due_ms);
	assert_false(is_open());
	end(v);
}

TEST(each_part_has_its_own_time)
{
	struct visit *v = begin();
	int64_t due_ms = v->deadline.due_ms;

	timers_set(&loop.timers, &v->deadline, due_ms - VISIT_MS / 2); /* half of it is over */
	visit_go_on(v);
	assert_true(v->deadline.due_ms >= due_ms);
	end(v);
}

TEST(in_a_crowd_there_is_less_time)
{
	struct visit *v = begin();
	int64_t due_ms = v->deadline.due_ms;
	size_t crowd = visits_most() / 2;

	visits.count = crowd;
	visit_go_on(v);
	assert_true(v->deadline.due_ms >= due_ms);
	visits.count = crowd + 1;
	visit_go_on(v);
	assert_true(v->deadline.due_ms <= due_ms - VISIT_CROWD_MS);
	end(v);
	assert_int_equal(visits.count, crowd);
}

TEST(a_socket_that_lives_on_elsewhere_is_left_alone)
{
	struct visit *v = begin();
	int stream = fcntl(server, F_DUPFD_CLOEXEC, 0);

	visit_leave(v);
	visit_go_on(v); /* no more than leaving it can be done */
	assert_false(timer_pending(&v->deadline));
	send_more(100);
	end(v);
	assert_true(is_open());
	assert_int_equal(visits.lingering_count, 0);
	close(stream);
}

TEST(a_visit_with_nothing_unread_is_closed_at_once)
{
	end(begin());
	assert_int_equal(visits.lingering_count, 0);
	assert_int_equal(send(client, "x", 1, MSG_NOSIGNAL), -1);
}

TEST(who_still_sends_may_go_on_until_it_closes)
{
	struct visit *v = begin();

	send_more(100);
	end(v);
	assert_int_equal(visits.lingering_count, 1);
	for (int n = 0; n < 10; n++) {
		send_more(10000);
		loop_turn(&loop, 0);
	}
	assert_false(is_open()); /* there is no more to come */
	assert_int_equal(visits.lingering_count, 1);
	shutdown(client, SHUT_WR);
	for (int n = 0; n < 20; n++)
		loop_turn(&loop, 0);
	assert_int_equal(visits.lingering_count, 0);
}

TEST(a_refused_body_is_waited_for_though_nothing_of_it_has_come)
{
	struct visit *v = begin();

	v->body_unread = true;
	end(v);
	assert_int_equal(visits.lingering_count, 1);
	send_more(100);
}

TEST(lingering_is_bounded_in_time)
{
	struct visit *v = begin();

	send_more(100);
	end(v);
	timers_fire(&loop.timers, v->deadline.due_ms);
	assert_int_equal(visits.lingering_count, 0);
	assert_int_equal(send(client, "x", 1, MSG_NOSIGNAL), -1);
}

TEST(lingering_is_bounded_in_bytes)
{
	struct visit *v = begin();
	size_t sent = 0;

	send_more(1);
	end(v);
	for (; visits.lingering_count == 1 && sent < 2 * VISIT_LINGER_BYTES; sent += 10000) {
		send_more(10000);
		loop_turn(&loop, 0);
	}
	assert_within(sent, VISIT_LINGER_BYTES - 20000, VISIT_LINGER_BYTES + 20000);
}

TEST(no_more_than_some_linger_at_a_time)
{
	struct visit *v = begin();

	visits.lingering_count = VISITS_LINGERING;
	send_more(100);
	end(v);
	assert_true(list_empty(&visits.lingering));
	assert_int_equal(visits.lingering_count, VISITS_LINGERING);
}

#define VISIT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VISIT_TEST(a_head_that_is_there_is_known_at_once_and_stays_unread),
		VISIT_TEST(a_head_that_comes_in_pieces_is_known_when_it_is_whole),
		VISIT_TEST(the_head_of_a_trusted_proxy_is_read_off_and_says_who_comes),
		VISIT_TEST(a_trusted_proxy_may_come_without_one),
		VISIT_TEST(a_bad_head_of_a_trusted_proxy_ends_the_visit),
		VISIT_TEST(the_head_of_a_stranger_is_a_bad_request),
		VISIT_TEST(each_byte_of_a_long_head_is_not_a_reading_of_all_of_it),
		VISIT_TEST(a_client_that_leaves_in_the_middle_of_its_head_is_forgotten_at_once),
		VISIT_TEST(a_client_that_never_says_a_whole_head_is_late),
		VISIT_TEST(
			a_head_that_is_refused_is_answered_and_the_client_may_read_it_while_it_still_sends),
		VISIT_TEST(a_visit_that_is_late_has_its_socket_shut_down),
		VISIT_TEST(each_part_has_its_own_time),
		VISIT_TEST(in_a_crowd_there_is_less_time),
		VISIT_TEST(a_socket_that_lives_on_elsewhere_is_left_alone),
		VISIT_TEST(a_visit_with_nothing_unread_is_closed_at_once),
		VISIT_TEST(who_still_sends_may_go_on_until_it_closes),
		VISIT_TEST(a_refused_body_is_waited_for_though_nothing_of_it_has_come),
		VISIT_TEST(lingering_is_bounded_in_time),
		VISIT_TEST(lingering_is_bounded_in_bytes),
		VISIT_TEST(no_more_than_some_linger_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
