/* SPDX-License-Identifier: PostgreSQL */
/*
 * pacer URL: changes the table `beats` at a steady pace, a transaction each. Commands come on
 * stdin, and its end is the end:
 *
 *   RATE COUNT USERS FILLER
 *
 * makes COUNT changes at even distances, RATE a second. USERS is 0: all change the row of user 0.
 * Otherwise they go round among users 1 to USERS. FILLER: so many bytes make the event longer. The
 * answer is a line of JSON: when the first change was due, and when the last one was done, in
 * seconds. Several sessions take the changes by turns, so that a slow flush bounds no rate. A
 * change that is late follows at once.
 */
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SESSIONS = 8, FILLER = 8000, STRIDE = 7919 };

struct session {
	PGconn *connection;
	bool busy;
};

static struct session sessions[SESSIONS];
static char filler[FILLER + 1];

static double wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Ends the program. */
static void fail(const struct session *s)
{
	fprintf(stderr, "pacer: %s\n", PQerrorMessage(s->connection));
	exit(1);
}

static void begin(struct session *s, const char *url)
{
	PGresult *result;

	s->connection = PQconnectdb(url);
	result = PQprepare(s->connection, "beat",
			   "UPDATE beats SET seq = seq + 1, filler = $2 WHERE user_id = $1", 2,
			   NULL);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fail(s);
	PQclear(result);
}

/* Neighbours in time are no neighbours in the table. STRIDE is a prime, so that nobody is left out
 * unless it divides the number of users. */
static long user_of(long n, long users)
{
	return users == 0 ? 0 : 1 + n * STRIDE % users;
}

static void send_change(struct session *s, long user)
{
	char text[24];
	const char *values[] = {text, filler};

	snprintf(text, sizeof(text), "%ld", user);
	if (PQsendQueryPrepared(s->connection, "beat", 2, values, NULL, NULL, 0) == 0)
		fail(s);
	s->busy = true;
}

/* Takes what the server has answered so far. */
static void take_answer(struct session *s)
{
	PGresult *result;

	if (PQconsumeInput(s->connection) == 0)
		fail(s);
	while (s->busy && !PQisBusy(s->connection)) {
		result = PQgetResult(s->connection);
		if (result == NULL)
			s->busy = false;
		else if (PQresultStatus(result) != PGRES_COMMAND_OK ||
			 atoi(PQcmdTuples(result)) != 1)
			fail(s);
		PQclear(result);
	}
}

/* Waits for answers until the time, at most a second. Returns how many sessions are busy. */
static int wait_until(double at_s)
{
	struct pollfd fds[SESSIONS];
	double left_s = at_s - wall_s();
	long ns = left_s < 0 ? 0 : left_s > 1 ? 999999999 : (long)(left_s * 1e9);
	int busy = 0;

	for (int i = 0; i < SESSIONS; i++)
		fds[i] = (struct pollfd){.fd = PQsocket(sessions[i].connection), .events = POLLIN};
	if (ppoll(fds, SESSIONS, &(struct timespec){.tv_nsec = ns}, NULL) < 0 && errno != EINTR)
		exit(1);
	for (int i = 0; i < SESSIONS; i++) {
		if (fds[i].revents != 0)
			take_answer(&sessions[i]);
		busy += sessions[i].busy;
	}
	return busy;
}

static struct session *idle_session(void)
{
	for (int i = 0; i < SESSIONS; i++)
		if (!sessions[i].busy)
			return &sessions[i];
	return NULL;
}

static void pace(double rate, long count, long users)
{
	double begun = wall_s(), later = begun + 1e6;

	for (long n = 0; n < count;) {
		double due = begun + (double)n / rate;
		struct session *idle = idle_session();

		if (idle != NULL && wall_s() >= due)
			send_change(idle, user_of(n++, users));
		wait_until(idle == NULL ? later : due);
	}
	while (wait_until(later) > 0)
		;
	printf("{\"begun\":%.6f,\"ended\":%.6f}\n", begun, wall_s());
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[256];
	double rate;
	long count, users, length;

	for (int i = 0; argc == 2 && i < SESSIONS; i++)
		begin(&sessions[i], argv[1]);
	while (argc == 2 && fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "%lf %ld %ld %ld", &rate, &count, &users, &length) != 4 ||
		    length < 0 || length > FILLER)
			break;
		memset(filler, 'x', (size_t)length);
		filler[length] = '\0';
		pace(rate, count, users);
	}
	return 0;
}
