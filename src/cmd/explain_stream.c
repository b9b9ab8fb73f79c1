/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain_stream.c: which stream does the path mean, and which of require, match and authorize does
 * this subscriber meet?
 */
#include "cmd/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "pg/asker.h"
#include "pg/defs.h"
#include "pg/session.h"
#include "auth/entitlement.h"
#include "http/params_json.h"

/* --- the stream --- */

/* Reads row by row and in binary, as the daemon does. */
static bool load(struct explain *e, const char *sql, struct defs *defs,
		 void (*take)(struct defs *, const PGresult *))
{
	bool good = PQsendQueryParams(e->pg, sql, 0, NULL, NULL, NULL, NULL, 1) == 1 &&
		    PQsetSingleRowMode(e->pg) == 1;
	PGresult *res;

	while ((res = PQgetResult(e->pg)) != NULL) {
		if (PQresultStatus(res) == PGRES_SINGLE_TUPLE)
			take(defs, res);
		else
			good = good && PQresultStatus(res) == PGRES_TUPLES_OK;
		PQclear(res);
	}
	if (!good)
		fprintf(stderr, "pgherald: cannot read the streams: %s", PQerrorMessage(e->pg));
	return good;
}

bool explain_find_stream(struct explain *e)
{
	struct defs defs = {0};
	bool good = load(e, DEFS_SQL, &defs, defs_take) &&
		    load(e, DEFS_ACTIONS_SQL, &defs, defs_take_action);

	(void)catalog_define(&e->catalog, defs.items, defs.count, (struct cursor){0, 0});
	actions_define(&e->actions, defs.actions, defs.action_count);
	free(defs.items);
	e->stream = catalog_find(&e->catalog, e->target.path, &e->params);
	if (e->params.count + e->target.query.count > PARAMS_MAX)
		report_say(&e->report, REPORT_NO, "stream", NULL,
			   "the request has too many parameters");
	for (size_t i = 0; i < e->target.query.count && e->params.count < PARAMS_MAX; i++)
		e->params.items[e->params.count++] = e->target.query.items[i];
	return good;
}

/* Streams whose paths fit as well, and are not meant. */
static void say_others(struct explain *e)
{
	strmap_each (struct stream, s, &e->catalog.streams) {
		struct params params = {.count = 0};
		int literals;

		if (s != e->stream &&
		    params_take_path(&params, s->def.path, e->target.path, &literals))
			report_say(&e->report, REPORT_NOTE, "stream", "other",
				   "%s fits too, and comes after it", s->def.path);
	}
}

static void say_found(struct explain *e)
{
	const struct stream_def *def = &e->stream->def;
	char *params = params_json(&e->params);

	report_say(&e->report, REPORT_OK, "stream", NULL, "%s%s%s%s%s%s", def->path,
		   e->params.count > 0 ? " with " : "", e->params.count > 0 ? params : "",
		   def->format == FRAME_MESSAGE ? ", format message" : "",
		   def->sealed ? ", sealed" : "",
		   def->snapshot == NULL ? "" : ", begins with a snapshot");
	free(params);
}

void explain_stream(struct explain *e)
{
	struct params path = {.count = 0};
	const struct action_def *action =
		actions_claim(&e->actions, "GET", e->target.path,
			      e->stream == NULL ? NULL : e->stream->def.path, &path);

	if (action != NULL)
		report_say(&e->report, REPORT_NO, "stream", NULL, "the action GET %s has this path",
			   action->path);
	else if (e->stream == NULL)
		report_say(&e->report, REPORT_NO, "stream", NULL, "there is none for %s",
			   e->target.path);
	if (e->stream == NULL)
		return;
	if (action == NULL)
		say_found(e);
	say_others(e);
}

/* --- require --- */

static void append_unmet(struct buf *out, const struct entitlement_alternative *a)
{
	if (a->value == NULL)
		buf_appendf(out, "%s is not among the claims", a->claim);
	else
		buf_appendf(out, "%s is %s", a->claim, a->value);
	buf_appendf(out, ", allowed %s", a->allowed);
}

static void say_unmet(struct explain *e, const struct entitlement_findings *f)
{
	struct buf says;

	buf_init(&says);
	for (size_t i = 0; i < f->count; i++) {
		buf_append_str(&says, i == 0 ? "" : "; or ");
		append_unmet(&says, &f->alternatives[i]);
	}
	report_say(&e->report, REPORT_NO, "require", NULL, "%s", says.data);
	buf_release(&says);
}

static void say_require(struct explain *e, const struct entitlement_findings *f)
{
	const struct stream_def *def = &e->stream->def;

	if (def->anonymous || strcmp(def->require, "{}") == 0)
		report_say(&e->report, REPORT_NOTE, "require", NULL, "nothing");
	else if (!f->required)
		say_unmet(e, f);
	else if (f->count > 1)
		report_say(&e->report, REPORT_OK, "require", NULL, "alternative %zu of %s",
			   f->count, def->require);
	else
		report_say(&e->report, REPORT_OK, "require", NULL, "%s", def->require);
}

/* --- match: its keys without a value; how it fits the change is said with the change --- */

static void say_keys(struct explain *e, const struct entitlement_findings *f)
{
	const struct stream_def *def = &e->stream->def;

	if (f->missing != NULL)
		report_say(&e->report, REPORT_NO, "match", NULL, "the parameter %s is missing",
			   f->missing);
	for (size_t k = 0; f->missing == NULL && k < def->match_count; k++)
		if (e->wanted.keys[k].count == 0 && !stream_def_lists_key(def, k))
			report_say(&e->report, REPORT_NO, "match", def->match_key[k],
				   "%s has no value", def->match_source[k]);
	if (f->missing == NULL && f->too_many)
		report_say(&e->report, REPORT_NO, "match", NULL,
			   "more than %d combinations of values", WANTED_VALUES_MAX);
	e->has_keys = f->missing == NULL && !f->empty && !f->too_many;
}

/* --- authorize, and what the database says of match --- */

/* Names what is asked: one function, or all of them. */
static const char *asked_of(const struct stream_def *def)
{
	return def->authorize != NULL  ? def->authorize
	       : stream_def_lists(def) ? "a function of match"
				       : "the type of a routing column";
}

/*
 * Where a right is missing, the daemon's answer is known only if the daemon has this role. What a
 * function would have listed is not known then, either.
 */
static void say_failure(struct explain *e, const PGresult *res)
{
	const struct stream_def *def = &e->stream->def;
	const char *of = asked_of(def), *state = PQresultErrorField(res, PG_DIAG_SQLSTATE),
		   *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	if (state == NULL || strcmp(state, "42501") != 0) {
		report_say(&e->report, REPORT_NO, "authorize", NULL, "%s failed, which is a no: %s",
			   of, message);
		return;
	}
	e->has_keys = e->has_keys && !stream_def_lists(def);
	report_say(&e->report, REPORT_UNKNOWN, "authorize", NULL, "%s: %s for role %s", of, message,
		   PQuser(e->pg));
	report_advise(&e->report, "a daemon of this role refuses the stream: GRANT it the right. "
				  "If the daemon has another role, ask as that one");
}

static void say_listed(struct explain *e)
{
	const struct stream_def *def = &e->stream->def;

	for (size_t k = 0; k < def->match_count; k++)
		if (stream_def_lists_key(def, k))
			report_say(
				&e->report, e->wanted.keys[k].count > 0 ? REPORT_OK : REPORT_NOTE,
				"match", def->match_key[k], "%s lists %zu value%s",
				def->match_source[k] + strlen("function:"), e->wanted.keys[k].count,
				e->wanted.keys[k].count == 1 ? "" : "s");
}

/* Puts what the database has said with the values that are wanted. */
static void take_said(struct explain *e, const PGresult *res)
{
	struct entitlement_findings findings;
	bool entitled;
	const struct entitlement_said said = {PQgetisnull(res, 0, 1) ? NULL : PQgetvalue(res, 0, 1),
					      PQgetisnull(res, 0, 2) ? NULL
								     : PQgetvalue(res, 0, 2)};

	wanted_release(&e->wanted);
	entitled = entitlement_explain(&e->stream->def, &e->identity, &e->params, &said, &e->wanted,
				       &findings) == ENTITLED;
	e->has_keys = e->has_keys && entitled;
	entitlement_findings_release(&findings);
	say_listed(e);
}

static void say_answer(struct explain *e, const PGresult *res)
{
	const char *function = e->stream->def.authorize;
	bool yes;

	if (PQresultStatus(res) != PGRES_TUPLES_OK) {
		say_failure(e, res);
		return;
	}
	yes = strcmp(PQgetvalue(res, 0, 0), "true") == 0;
	if (yes)
		take_said(e, res);
	if (function == NULL)
		report_say(&e->report, REPORT_NOTE, "authorize", NULL, "the stream has none");
	else
		report_say(&e->report, yes ? REPORT_OK : REPORT_NO, "authorize", NULL,
			   "%s says %s to role %s", function, yes ? "yes" : "no", PQuser(e->pg));
}

/* Asks as the daemon does, but takes back what the function may write. */
static bool ask(struct explain *e, const char *given)
{
	char *claims = identity_claims_json(&e->identity), *params = params_json(&e->params);
	const char *values[] = {e->stream->def.path, claims, params, given};
	char timeout[64];
	PGresult *res;

	snprintf(timeout, sizeof(timeout), "BEGIN; SET LOCAL statement_timeout = %d",
		 SESSION_FUNCTION_MS);
	PQclear(PQexec(e->pg, timeout));
	res = PQexecParams(e->pg, ASKER_ASKED_SQL, ARRAY_SIZE(values), NULL, values, NULL, NULL, 0);
	if (PQstatus(e->pg) == CONNECTION_OK)
		say_answer(e, res);
	else
		fprintf(stderr, "pgherald: the database has gone: %s", PQerrorMessage(e->pg));
	PQclear(res);
	PQclear(PQexec(e->pg, "ROLLBACK"));
	free(claims);
	free(params);
	return PQstatus(e->pg) == CONNECTION_OK;
}

static bool explain_asked(struct explain *e)
{
	char *given = entitlement_given(&e->stream->def, &e->wanted);
	bool good = true;

	if (stream_def_asks(&e->stream->def) || given != NULL)
		good = ask(e, given);
	else
		report_say(&e->report, REPORT_NOTE, "authorize", NULL, "the stream has none");
	free(given);
	return good;
}

bool explain_rights(struct explain *e)
{
	struct entitlement_findings findings;
	bool entitled;

	if (e->stream == NULL || !e->known)
		return true;
	entitled = entitlement_explain(&e->stream->def, &e->identity, &e->params, NULL, &e->wanted,
				       &findings) == ENTITLED;
	say_require(e, &findings);
	say_keys(e, &findings);
	entitlement_findings_release(&findings);
	if (!entitled && e->report.verdict == REPORT_OK)
		report_say(&e->report, REPORT_NO, "entitlement", NULL, "is refused");
	return explain_asked(e);
}
