/* SPDX-License-Identifier: PostgreSQL */
/* listener URL notify|outbox: the subscriber of the usual recipes: LISTEN bench, then the payload,
 * or the rows behind the last id. */
#include "measure.h"

#include <libpq-fe.h>

/* What every outbox poller does, and what loses the change that commits late with a lower id. */
static bool fetch(PGconn *connection)
{
	static char last[32] = "0";
	int rows;

	do {
		const char *values[] = {last};
		PGresult *result = PQexecPrepared(connection, "newer", 1, values, NULL, NULL, 0);
		double now_s = wall_s();

		if (PQresultStatus(result) != PGRES_TUPLES_OK)
			return false;
		rows = PQntuples(result);
		for (int i = 0; i < rows; i++)
			measure_event(PQgetvalue(result, i, 1), atol(PQgetvalue(result, i, 0)),
				      now_s);
		if (rows > 0)
			snprintf(last, sizeof(last), "%s", PQgetvalue(result, rows - 1, 0));
		PQclear(result);
	} while (rows == 1000);
	return true;
}

static bool command(PGconn *connection, const char *sql)
{
	PGresult *result = PQexec(connection, sql);
	bool done = PQresultStatus(result) == PGRES_COMMAND_OK;

	PQclear(result);
	return done;
}

int main(int argc, char **argv)
{
	PGconn *connection;
	bool outbox, rung;

	if (argc != 3)
		return measure_fail("usage", "listener URL notify|outbox");
	outbox = strcmp(argv[2], "outbox") == 0;
	measure_begin();
	connection = PQconnectdb(argv[1]);
	if (!command(connection, "LISTEN bench") ||
	    (outbox && !command(connection, "PREPARE newer(bigint) AS SELECT id, data FROM outbox "
					    "WHERE id > $1 ORDER BY id LIMIT 1000")))
		return measure_fail("listener", PQerrorMessage(connection));
	puts("ready");
	while (measure_wait(PQsocket(connection))) {
		if (!PQconsumeInput(connection))
			return measure_fail("listener", PQerrorMessage(connection));
		do { /* again after a fetch: notifications that arrived meanwhile are read already
		      */
			PGnotify *notification;
			double now_s = wall_s();

			for (rung = false; (notification = PQnotifies(connection)) != NULL;
			     PQfreemem(notification)) {
				rung = true;
				if (!outbox)
					measure_event(notification->extra, 0, now_s);
			}
			if (outbox && rung && !fetch(connection))
				return measure_fail("listener", PQerrorMessage(connection));
		} while (outbox && rung);
	}
	return measure_end();
}
