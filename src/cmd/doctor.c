/* SPDX-License-Identifier: PostgreSQL */
/* doctor.c: the command. It goes the way of doctor.h, and prints the report. */
#include "cmd/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/files.h"
#include "cmd/cmd.h"

void doctor_say(struct doctor *d, enum report_outcome outcome, const char *check,
		const char *advice, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	report_vsay(&d->report, outcome, check, NULL, fmt, args);
	va_end(args);
	if (advice != NULL)
		report_advise(&d->report, advice);
}

void doctor_unseen(struct doctor *d, const char *name)
{
	bool rights = strcmp(d->database.state, "42501") == 0;

	if (d->database.pg == NULL)
		doctor_say(d, REPORT_NO, name,
			   "is it overloaded, frozen, or cut off? Its own log may say",
			   "the connection was lost: %s", d->database.why);
	else
		doctor_say(d, REPORT_UNKNOWN, name,
			   rights ? "run doctor as the owner of the schema herald too" : NULL,
			   "could not be seen: %s", d->database.why);
}

PGresult *doctor_ask(struct doctor *d, const char *name, const char *sql, const char *param)
{
	PGresult *res;

	/* The connection is lost, and the report says so. */
	if (d->database.pg == NULL)
		return NULL;
	res = bounded_ask(&d->database, sql, param);
	if (res == NULL)
		doctor_unseen(d, name);
	return res;
}

static const char *text_at(const PGresult *res, int row, int column)
{
	return PQgetisnull(res, row, column) ? NULL : PQgetvalue(res, row, column);
}

void doctor_check(struct doctor *d, const struct doctor_check *check, const char *param)
{
	PGresult *res = doctor_ask(d, check->name, check->sql, param);

	if (res == NULL)
		return;
	for (int i = 0; i < PQntuples(res); i++) {
		report_say(&d->report, report_outcome(PQgetvalue(res, i, 0)), check->name,
			   text_at(res, i, 1), "%s", PQgetvalue(res, i, 2));
		if (!PQgetisnull(res, i, 3))
			report_advise(&d->report, PQgetvalue(res, i, 3));
	}
	if (PQntuples(res) == 0)
		doctor_say(d, REPORT_OK, check->name, NULL, "%s", check->fine);
	PQclear(res);
}

/* --- configuration and limits, for which nobody else is asked --- */

static void look_at_config(struct doctor *d)
{
	const struct config *c = d->config;

	doctor_say(d, REPORT_OK, "configuration", NULL, "valid%s%s",
		   c->file == NULL ? "" : ", from ", c->file == NULL ? "" : c->file);
	doctor_say(d, REPORT_NOTE, "tokens", NULL, "from %s, verified with %zu key%s%s",
		   c->token_sources, c->keyring->count, c->keyring->count == 1 ? "" : "s",
		   c->providers.count == 0 ? "" : " and those of the providers below");
	doctor_say(d, REPORT_NOTE, "origins", NULL, "%s",
		   c->origins[0] == NULL ? "pages of other origins are not allowed"
					 : c->allowed_origins);
}

static void look_at_files(struct doctor *d)
{
	size_t most = d->config->http.max_streams, limit;

	files_raise_limit(); /* as serve does */
	limit = files_limit();
	if (d->config->max_streams == 0 || most <= files_for_streams(limit))
		doctor_say(d, REPORT_OK, "files", NULL,
			   "enough for %zu streams (the limit of this shell)", most);
	else
		doctor_say(d, REPORT_WARNING, "files",
			   "raise it where the daemon is started: ulimit -Hn, LimitNOFILE= of "
			   "systemd; or lower max-streams: serve refuses it",
			   "max-streams is %zu, and this shell's limit of open files is %zu", most,
			   limit);
}

static int examine(struct doctor *d, bool json)
{
	static const char *const verdicts[] = {"nothing is wrong", "something is wrong",
					       "nothing is wrong in what could be seen"};

	look_at_config(d);
	doctor_database(d);
	if (d->usable) {
		doctor_streams(d);
		doctor_tables(d);
		doctor_log(d);
		doctor_life(d);
	}
	bounded_close(&d->database);
	doctor_keys(d);
	doctor_daemon(d);
	look_at_files(d);
	report_print(&d->report, verdicts, json);
	return d->misfit ? EXIT_MISFIT : d->report.verdict == REPORT_NO ? EXIT_FAILED : EXIT_DONE;
}

int cmd_doctor(struct cli_call *call)
{
	struct doctor d = {.config = call->config, .end_ms = clock_mono_ms() + DOCTOR_MS};
	int result;

	if (call->word_count > 0)
		return cli_usage("doctor takes no argument, not '%s'", call->words[0]);
	if (!cli_config(call))
		return EXIT_CONFIG;
	report_init(&d.report);
	result = examine(&d, cli_flag(call, "json")->count > 0);
	report_release(&d.report);
	return result;
}
