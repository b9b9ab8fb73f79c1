/* SPDX-License-Identifier: PostgreSQL */
/* server_inlet.c: what the database tells, passed on to the rooms that it concerns. */
#include "base/crew.h"
#include "base/log.h"
#include "base/supervisor.h"
#include "outlet/prelude.h"
#include "outlet/tenure.h"
#include "gate/contract.h"
#include "gate/keeper.h"
#include "exit.h"
#include "server_parts.h"

static void on_began(void *ctx, struct cursor head, const char *lost)
{
	struct server *s = ctx;

	router_restart(&s->router, head);
	router_reached(&s->router, head);
	if (lost == NULL)
		return;
	log_warn("[STREAM JOB] the change log does not hold what was delivered last (%s): all "
		 "streams are reset",
		 lost);
	outlets_reset_all(&s->outlets, lost);
}

static void on_event(void *ctx, const struct event *event)
{
	struct server *s = ctx;

	live_take(&s->console.live, event, s->loop.now_ms);
	if (text_is(event->name, "schema"))
		contract_forget(s->gate.contract);
	if (!tenure_concerns(event))
		router_publish(&s->router, event);
	else if (keeper_hear(&s->gate, event))
		ticker_want_revocations(&s->ticker);
}

static bool on_enough(void *ctx)
{
	return router_is_due(&((struct server *)ctx)->router);
}

static void on_reached(void *ctx, struct cursor head)
{
	struct server *s = ctx;

	router_reached(&s->router, head);
	prelude_reached(&s->outlets);
}

static void on_revoked(void *ctx, struct text row)
{
	tenure_take_revocation(&((struct server *)ctx)->outlets, row);
}

static void on_revoked_all(void *ctx)
{
	tenure_took_revocations(&((struct server *)ctx)->outlets);
}

static void on_available(void *ctx, bool available)
{
	struct server *s = ctx;

	if (s->status.available && !available)
		s->status.lost_ms = s->loop.now_ms;
	if (!s->status.available && available)
		log_info("[STREAM JOB] following the change log");
	if (s->status.available != available)
		contract_forget(s->gate.contract);
	s->status.known = s->status.known || available;
	s->status.available = s->gate.available = available;
}

/*
 * Until the streams are known, clients wait in the backlog. An answer of 404 or 503 would end a
 * browser's stream for good.
 */
static void open_door(struct server *s)
{
	if (s->serving)
		return;
	s->serving = true;
	replay_start(&s->replay);
	if (!httpd_serve(&s->httpd)) {
		server_stop(s, EXIT_FAILED);
		return;
	}
	log_info("[STREAM] serving on %s, HTTP by libmicrohttpd %s", s->boot->listen,
		 httpd_library());
	supervisor_ready();
	crew_say_serving(s->crew);
}

/* What this stream needs and the configuration does not have. NULL if nothing. */
static const char *lack(const struct server *s, const struct stream_def *def)
{
	if (!def->anonymous && keyring_is_none(s->http.token.keys))
		return "asks for a token, but no key is configured: give jwt-secret-file, "
		       "jwt-public-key-file, jwks-file, jwks-url or oidc-issuer";
	if (def->sealed && s->config->seal == NULL)
		return "is sealed, but no key is configured: give encryption-key; until then its "
		       "events are held back";
	return NULL;
}

static void say_what_lacks(const struct server *s)
{
	strmap_each (const struct stream, stream, &s->router.catalog.streams)
		if (lack(s, &stream->def) != NULL)
			log_error("stream '%s' %s", stream->def.path, lack(s, &stream->def));
}

/* Without a key for tokens, hardly anybody could get in. Then the daemon had better not start. */
static bool is_useless(const struct server *s, const struct stream_def *defs, size_t count)
{
	for (size_t i = 0; i < count && !s->serving && keyring_is_none(s->http.token.keys); i++)
		if (!defs[i].anonymous)
			return true;
	return false;
}

static void on_streams(void *ctx, struct stream_def *defs, size_t count)
{
	struct server *s = ctx;
	bool useless = is_useless(s, defs, count);

	/*
	 * Anybody in the database can make the ticker look, so an unchanged result is not logged
	 * again.
	 */
	if (router_define(&s->router, defs, count) || !s->serving) {
		log_info("[STREAM] %zu streams are defined", count);
		contract_forget(s->gate.contract);
		say_what_lacks(s);
	}
	keeper_streams_changed(&s->gate);
	if (useless)
		server_stop(s, EXIT_CONFIG);
	else
		open_door(s);
}

static void on_actions(void *ctx, struct action_def *defs, size_t count)
{
	actions_define(&((struct server *)ctx)->gate.actions, defs, count);
}

static void on_misfit(void *ctx, int schema_version, const char *encoding)
{
	struct server *s = ctx;

	if (encoding != NULL)
		log_error("events are UTF-8, and what is in a database of encoding %s cannot be "
			  "converted to that:"
			  " move to another one, createdb -E UTF8 -T template0",
			  encoding);
	else if (schema_version <= 0)
		log_error("the database has no schema herald, run 'pgherald migrate' first");
	else if (schema_version < s->ticker.options.schema_version)
		log_error("schema herald has version %d, this program needs %d: run 'pgherald "
			  "migrate'",
			  schema_version, s->ticker.options.schema_version);
	else
		log_error(
			"schema herald has version %d, this program knows %d: use a newer pgherald",
			schema_version, s->ticker.options.schema_version);
	if (!s->serving)
		server_stop(s, EXIT_MISFIT);
}

/* The ticker leaves its own connection itself. */
static void leave_database(struct server *s, const char *why)
{
	replay_leave(&s->replay, why);
	asker_leave(&s->asker, why);
	snapshots_leave(&s->snapshots, why);
}

static void on_stopping(void *ctx, const char *why)
{
	leave_database(ctx, why);
}

static void on_look(void *ctx)
{
	look_begin(&((struct server *)ctx)->look);
}

static void on_pooled(void *ctx)
{
	struct server *s = ctx;

	log_warn("[STREAM JOB] a pooler in transaction mode stands between: the ticker looks every "
		 "%d ms, because it hears nothing. Give database-url the server's own "
		 "address, or a pool with pool_mode = session",
		 TICKER_POOLED_MS);
	replay_pool(&s->replay);
	asker_pool(&s->asker);
	snapshots_pool(&s->snapshots);
	leave_database(s, "a pooler lends its session to others");
}

struct ticker_calls server_inlet_calls(struct server *s)
{
	return (struct ticker_calls){.began = on_began,
				     .event = on_event,
				     .enough = on_enough,
				     .reached = on_reached,
				     .streams = on_streams,
				     .actions = on_actions,
				     .revoked = on_revoked,
				     .revoked_all = on_revoked_all,
				     .available = on_available,
				     .misfit = on_misfit,
				     .pooled = on_pooled,
				     .look = on_look,
				     .stopping = on_stopping,
				     .ctx = s};
}
