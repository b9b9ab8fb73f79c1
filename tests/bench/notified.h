/* SPDX-License-Identifier: PostgreSQL */
/* notified.h: a connection that listens to the channel `bench`, and what arrives there. */
#ifndef BENCH_NOTIFIED_H
#define BENCH_NOTIFIED_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>

static PGconn *notified_connect(const char *url)
{
	PGconn *connection = PQconnectdb(url);
	PGresult *result = PQexec(connection, "LISTEN bench");
	bool done = PQresultStatus(result) == PGRES_COMMAND_OK;

	PQclear(result);
	if (done)
		return connection;
	fprintf(stderr, "LISTEN: %s\n", PQerrorMessage(connection));
	return NULL;
}

/* Hands over what has arrived. False: the function has said so, or the database is gone. */
static bool notified_take(PGconn *connection, bool (*on_payload)(const char *payload))
{
	PGnotify *notification;
	bool going_on = PQconsumeInput(connection) == 1;

	while (going_on && (notification = PQnotifies(connection)) != NULL) {
		going_on = on_payload(notification->extra);
		PQfreemem(notification);
	}
	return going_on;
}

#endif
