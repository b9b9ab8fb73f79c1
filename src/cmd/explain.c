/* SPDX-License-Identifier: PostgreSQL */
/* explain.c: the command. It reads the line, goes the way of explain.h, and prints the report. */
#include "cmd/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "auth/json.h"
#include "auth/token.h"
#include "http/target.h"
#include "outlet/selection.h"
#include "cmd/cmd.h"
#include "cmd/open.h"

/* What the command line asks for. */
struct line {
	char *token;  /* owned, wiped; NULL if there is none */
	char *claims; /* owned; NULL if the token has them */
	bool json;
};

PGresult *explain_query(struct explain *e, const char *sql, int count, const char *const *params)
{
	PGresult *res = PQexecParams(e->pg, sql, count, NULL, params, NULL, NULL, 0);
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE),
		   *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		return res;
	if (state != NULL && strcmp(state, "42883") == 0) {
		e->misfit = true;
		fprintf(stderr, "pgherald: schema herald lacks a function that explain calls: run "
				"'pgherald migrate'\n");
	} else {
		fprintf(stderr, "pgherald: %s\n",
			message == NULL ? PQerrorMessage(e->pg) : message);
	}
	PQclear(res);
	return NULL;
}

/* --- the command line --- */

/* Copies the text, and overwrites it where it stood, so that ps no longer shows it. */
static char *take_secret(const char *given)
{
	char *copy = xstrdup(given);

	explicit_bzero((char *)(uintptr_t)given, strlen(given));
	return copy;
}

static bool read_token_file(struct line *line, const char *path)
{
	struct file file;
	const char *why;

	if (!file_read(&file, path, TOKEN_MAX + 2, &why)) {
		fprintf(stderr, "pgherald: cannot read '%s': %s\n", path, why);
		return false;
	}
	file.bytes[strcspn(file.bytes, "\r\n")] = '\0';
	line->token = xstrdup(file.bytes);
	file_release(&file);
	return true;
}

/*
 * Finds the token. It is taken from the first of these that has one:
 *
 * - --token
 * - --token-file
 * - the environment
 * - the query of the stream, where a page would send it
 */
static bool find_token(struct cli_call *call, const struct explain *e, struct line *line)
{
	const char *given = cli_value(call, "token"), *path = cli_value(call, "token-file");
	const struct text *param = params_find(&e->target.query, "token");

	if (given != NULL)
		line->token = take_secret(given);
	else if (path != NULL)
		return read_token_file(line, path);
	else if (getenv("PGHERALD_TOKEN") != NULL)
		line->token = xstrdup(getenv("PGHERALD_TOKEN"));
	else if (param != NULL && param->len > 0)
		line->token = xstrndup(param->bytes, param->len);
	return true;
}

static bool read_change(const char *text, struct cursor *ret_change)
{
	bool alone = strchr(text, '-') == NULL;
	char *whole = alone ? xasprintf("1-%s", text) : xstrdup(text);
	bool good = cursor_parse(whole, ret_change);

	if (alone)
		ret_change->tick = 0;
	free(whole);
	return good;
}

static bool is_object(const char *json)
{
	struct json_object *parsed = json_parse(json, strlen(json));
	bool good = json_object_is_type(parsed, json_type_object);

	json_object_put(parsed);
	return good;
}

/*
 * The stream, and which of its events are asked for, as one target. The text is overwritten where
 * it stood, because a token may be in it.
 */
static int read_target(struct explain *e, const char *stream, const char *events)
{
	char *target = events == NULL ? xstrdup(stream)
				      : xasprintf("%s%cevents=%s", stream,
						  strchr(stream, '?') == NULL ? '?' : '&', events);
	bool good = target_is_usable(target) &&
		    pathquery_read(&e->target, text_of(target)) == PATHQUERY_GOOD;

	explicit_bzero(target, strlen(target));
	free(target);
	explicit_bzero((char *)(uintptr_t)stream, strlen(stream));
	if (!good)
		return cli_usage("--stream is not a path that a server would take: UTF-8, "
				 "percent-encoded, with at most %d parameters",
				 PARAMS_MAX);
	if (strcmp(e->target.path, SELECTION_MULTI_PATH) == 0)
		return cli_usage("explain takes one stream: give --stream each of the paths "
				 "of " SELECTION_MULTI_PATH
				 " by itself, with the parameters that count for it");
	return EXIT_DONE;
}

/* EXIT_DONE, or EXIT_USAGE if something is wrong with the line. */
static int read_line(struct cli_call *call, struct explain *e, struct line *line)
{
	const char *stream = cli_value(call, "stream"), *change = cli_value(call, "change"),
		   *claims = cli_value(call, "claims");

	if (cli_value(call, "row") != NULL && (stream != NULL || change != NULL))
		return cli_usage("explain takes --row, or --stream with --change");
	if (claims != NULL)
		line->claims = take_secret(claims);
	line->json = cli_flag(call, "json")->count > 0;
	if (call->word_count > 0)
		return cli_usage("explain takes no argument, not '%s'", call->words[0]);
	if (cli_value(call, "row") != NULL)
		return EXIT_DONE;
	if (stream == NULL || stream[0] != '/')
		return cli_usage("explain needs --stream with a path, such as /api/orders/stream");
	if (change == NULL || !read_change(change, &e->change))
		return cli_usage("explain needs --change with the id of an event, such as "
				 "4182-99213, or the number after the dash");
	if (line->claims != NULL && !is_object(line->claims))
		return cli_usage("--claims is not a JSON object");
	if (line->claims != NULL &&
	    (cli_value(call, "token") != NULL || cli_value(call, "token-file") != NULL))
		return cli_usage("explain takes a token or --claims, not both");
	return read_target(e, stream, cli_value(call, "events"));
}

/* --- the way --- */

static bool go(struct explain *e, const struct line *line)
{
	char change[CURSOR_TEXT_MAX];
	bool good;

	cursor_format(e->change, change);
	json_object_object_add(e->report.head, "stream", json_object_new_string(e->target.path));
	json_object_object_add(e->report.head, "change",
			       json_object_new_string(e->change.tick == 0 ? change + 2 : change));
	PQclear(PQexec(e->pg, "SET statement_timeout = 0; SET lock_timeout = 0"));
	good = explain_find_stream(e);
	if (good)
		explain_stream(e);
	return good && explain_subject(e, line->token, line->claims) && explain_rights(e) &&
	       explain_change(e);
}

static int explain(struct explain *e, const struct line *line)
{
	static const char *const verdicts[] = {"gets", "does not get", "cannot be said"};

	if (!go(e, line))
		return e->misfit ? EXIT_MISFIT : EXIT_FAILED;
	report_print(&e->report, verdicts, line->json);
	return e->report.verdict == REPORT_UNKNOWN ? EXIT_FAILED : EXIT_DONE;
}

static int explain_the_row(struct explain *e, const struct line *line, const char *row)
{
	static const char *const verdicts[] = {"an event", "no event", "cannot be said"};
	int result = explain_row(e, row);

	if (result != EXIT_DONE)
		return e->misfit ? EXIT_MISFIT : result;
	report_print(&e->report, verdicts, line->json);
	return e->report.verdict == REPORT_UNKNOWN ? EXIT_FAILED : EXIT_DONE;
}

static void release(struct explain *e, struct line *line)
{
	if (line->token != NULL)
		explicit_bzero(line->token, strlen(line->token));
	free(line->token);
	free(line->claims);
	wanted_release(&e->wanted);
	identity_release(&e->identity);
	catalog_release(&e->catalog);
	actions_release(&e->actions);
	pathquery_release(&e->target);
	report_release(&e->report);
	PQfinish(e->pg);
}

int cmd_explain(struct cli_call *call)
{
	struct explain e = {.config = call->config};
	struct line line = {.token = NULL};
	int result;

	report_init(&e.report);
	catalog_init(&e.catalog);
	result = read_line(call, &e, &line);
	if (result == EXIT_DONE && !find_token(call, &e, &line))
		result = EXIT_FAILED;
	if (result == EXIT_DONE)
		e.pg = open_database(call, &result);
	if (e.pg != NULL)
		result = cli_value(call, "row") == NULL
				 ? explain(&e, &line)
				 : explain_the_row(&e, &line, cli_value(call, "row"));
	release(&e, &line);
	return result;
}
