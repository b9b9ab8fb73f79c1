/* SPDX-License-Identifier: PostgreSQL */
/*
 * pacer URL RATE COUNT USERS FILLER: COUNT changes of the table `beats`, a transaction each, RATE a
 * second at even distances. USERS is 0: all change the row of user 0. Otherwise they go round among
 * users 1 to USERS. FILLER: so many bytes make the event longer. One that is late follows at once.
 * At the end a line of JSON: when the first one was due and the last one was done, in seconds.
 */
#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FILLER = 8000, STRIDE = 7919 };

static PGconn *connection;
static char filler[FILLER + 1];

static double wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Neighbours in time are no neighbours in the table. STRIDE is a prime, so that nobody is left out
 * unless it divides the number of users. */
static long user_of(long n, long users)
{
	return users == 0 ? 0 : 1 + n * STRIDE % users;
}

static bool change(long user)
{
	char text[24];
	const char *values[] = {text, filler};
	PGresult *result;
	bool done;

	snprintf(text, sizeof(text), "%ld", user);
	result = PQexecPrepared(connection, "beat", 2, values, NULL, NULL, 0);
	done = PQresultStatus(result) == PGRES_COMMAND_OK && atoi(PQcmdTuples(result)) == 1;
	PQclear(result);
	return done;
}

static void wait_until(double at_s)
{
	struct timespec at = {.tv_sec = (time_t)at_s,
			      .tv_nsec = (long)((at_s - (double)(time_t)at_s) * 1e9)};

	while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static int pace(double rate, long count, long users)
{
	double begun = wall_s();

	for (long n = 0; n < count; n++) {
		wait_until(begun + (double)n / rate);
		if (!change(user_of(n, users))) {
			fprintf(stderr, "pacer: %s\n", PQerrorMessage(connection));
			return 1;
		}
	}
	printf("{\"count\":%ld,\"begun\":%.6f,\"ended\":%.6f}\n", count, begun, wall_s());
	return 0;
}

int main(int argc, char **argv)
{
	long length = argc == 6 ? atol(argv[5]) : -1;

	if (length < 0 || length > FILLER) {
		fputs("usage: pacer URL RATE COUNT USERS FILLER\n", stderr);
		return 2;
	}
	memset(filler, 'x', (size_t)length);
	connection = PQconnectdb(argv[1]);
	PQclear(PQprepare(connection, "beat",
			  "UPDATE beats SET seq = seq + 1, filler = $2 WHERE user_id = $1", 2,
			  NULL));
	return pace(atof(argv[2]), atol(argv[3]), atol(argv[4]));
}
