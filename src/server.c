/* SPDX-License-Identifier: PostgreSQL */
#include "server.h"

#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/xalloc.h"
#include "hub/router.h"
#include "pg/asker.h"
#include "pg/migrate.h"
#include "pg/replay.h"
#include "pg/snapshots.h"
#include "pg/ticker.h"
#include "auth/keyring.h"
#include "http/httpd.h"
#include "outlet/gzip.h"
#include "outlet/outlets.h"
#include "outlet/prelude.h"
#include "outlet/seal.h"
#include "outlet/tenure.h"
#include "gate/contract.h"
#include "gate/keeper.h"
#include "gate/routes.h"
#include "gate/status.h"
#include "gate/waiter.h"
#include "provider/keyfile.h"
#include "provider/providers.h"
#include "exit.h"

/*
 * The longest time from SIGTERM to the end. Afterwards, streams that have not ended are cut, and
 * actions that run are not waited for.
 */
#define DRAIN_MS 4000

struct server {
	struct loop loop;
	struct config *boot;   /* what the rooms were built with; borrowed by them */
	struct config *config; /* what is in force, which is boot or what SIGHUP brought */
	server_reload_fn *reload;
	void *reload_ctx;
	struct http_options http;
	struct providers providers;
	struct keyfile keyfile;
	struct gzip gzip;
	struct router router;
	struct ticker ticker;
	struct replay replay;
	struct asker asker;
	struct snapshots snapshots;
	struct outlets outlets;
	struct gate gate;
	struct status status;
	struct routes routes, admin_routes;
	struct httpd httpd, admin;
	bool serving; /* streams are known, so the door is open */
	bool stopping;
	bool stopped;
	int exit_status;
	struct timer drain;
};

/* --- pg -> hub: what the inlet tells --- */

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
	s->status.available = s->gate.available = available;
}

static void stop(struct server *s, int exit_status)
{
	s->exit_status = exit_status;
	s->stopped = true;
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
	if (!httpd_serve(&s->httpd))
		stop(s, EXIT_FAILED);
	else
		log_info("[STREAM] serving on %s, HTTP by libmicrohttpd %s", s->boot->listen,
			 httpd_library());
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
	strmap_each (const struct stream, stream, &s->router.streams)
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
		stop(s, EXIT_CONFIG);
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
		stop(s, EXIT_MISFIT);
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

/* --- provider -> gate and outlet: keys of tokens --- */

static void on_keys(void *ctx, bool changed)
{
	struct server *s = ctx;

	if (changed)
		tenure_keys_changed(&s->outlets);
	keeper_keys_came(&s->gate);
}

static bool on_unknown_key(void *ctx, const char *issuer)
{
	return providers_ask(&((struct server *)ctx)->providers, issuer);
}

static void append_provider_metrics(void *ctx, int64_t now_ms, struct buf *out)
{
	providers_append_metrics(&((struct server *)ctx)->providers, now_ms, out);
}

static void on_key_file(void *ctx)
{
	struct server *s = ctx;

	if (config_renew_keys(s->config))
		on_keys(s, true);
}

static void use_key_sources(struct server *s)
{
	keyfile_use(&s->keyfile, config_key_file(s->config));
	providers_use(&s->providers, &s->config->providers, s->config->keyring,
		      s->config->jwks_ca_file);
}

/* --- signals --- */

static void begin_drain(struct server *s, int signo)
{
	if (s->stopping) {
		stop(s, EXIT_DONE);
		return;
	}
	log_info("signal %d: every stream ends with a whole event, actions that run are answered, "
		 "then this program ends",
		 signo);
	s->stopping = true;
	httpd_quiesce(&s->httpd);
	keeper_drain(&s->gate);
	loop_set_timer(&s->loop, &s->drain, DRAIN_MS);
}

static void on_drain_over(struct timer *t)
{
	struct server *s = container_of(t, struct server, drain);

	if (s->gate.waiter_count > 0)
		log_warn("%zu requests that the database had not answered in %d s are told so",
			 s->gate.waiter_count, DRAIN_MS / 1000);
	waiter_give_up(&s->gate);
	stop(s, EXIT_DONE);
}

static bool is_drained(const struct server *s)
{
	return s->stopping && s->outlets.quota.open == 0 && s->gate.waiter_count == 0 &&
	       httpd_is_idle(&s->httpd);
}

static void use_config(struct server *s, struct config *config)
{
	s->config = config;
	s->http = config->http;
	s->http.version = PGHERALD_VERSION;
	s->gzip.above = config->compress_above < 0 ? SIZE_MAX : (size_t)config->compress_above;
	log_setup(config->log_level, config->log_json);
}

static void free_config(struct config *config)
{
	config_release(config);
	free(config);
}

/* True if there are sealed streams, and the new configuration has no key for them. */
static bool misses_key(const struct server *s, const struct config *fresh)
{
	if (s->config->seal == NULL || fresh->seal != NULL)
		return false;
	strmap_each (const struct stream, stream, &s->router.streams)
		if (stream->def.sealed)
			return true;
	return false;
}

static void reload(struct server *s)
{
	struct config *fresh = xcalloc(1, sizeof(*fresh)), *old = s->config;
	bool valid = s->reload(s->reload_ctx, fresh);

	if (!valid || misses_key(s, fresh)) {
		log_error("the configuration stays as it was: the new one %s",
			  valid ? "has no encryption-key, and there are sealed streams"
				: "is not valid");
		free_config(fresh);
		return;
	}
	config_log_changes(old, fresh);
	s->ticker.options.retention_s = (int)(fresh->retention_ms / 1000);
	use_config(s, fresh);
	use_key_sources(s);
	tenure_keys_changed(&s->outlets);
	if (old != s->boot)
		free_config(old);
	else
		config_forget_keys(old);
}

static void on_signal(void *ctx, int signo)
{
	struct server *s = ctx;

	if (signo == SIGHUP)
		reload(s);
	else
		begin_drain(s, signo);
}

/* --- hub -> http: what the router cannot do itself --- */

static bool seal_text(void *ctx, struct text plain, struct buf *out)
{
	struct server *s = ctx;

	return s->config->seal != NULL && seal_append(s->config->seal, plain, out);
}

/* --- life --- */

static void build_gate(struct server *s)
{
	s->outlets = (struct outlets){.loop = &s->loop,
				      .router = &s->router,
				      .options = &s->http,
				      .refusals = &s->gate.refusals,
				      .catchup = replay_ops(&s->replay),
				      .questions = asker_ops(&s->asker),
				      .snapshots = snapshots_ops(&s->snapshots)};
	outlets_init(&s->outlets);
	s->gate = (struct gate){.loop = &s->loop,
				.options = &s->http,
				.outlets = &s->outlets,
				.questions = asker_ops(&s->asker),
				.key_source = {on_unknown_key, s}};
	keeper_open(&s->gate);
}

static void build_ports(struct server *s)
{
	struct httpd_calls calls;

	s->status = (struct status){.gate = &s->gate,
				    .version = PGHERALD_VERSION,
				    .started_ms = s->loop.now_ms,
				    .lost_ms = s->loop.now_ms,
				    .append_more = append_provider_metrics,
				    .ctx = s};
	s->routes = (struct routes){&s->gate, &s->status, &s->http};
	s->admin_routes = (struct routes){NULL, &s->status, &s->http};
	calls = routes_calls(&s->routes);
	httpd_init(&s->httpd, &s->loop, &s->http, &calls, 2);
	calls = routes_calls(&s->admin_routes);
	httpd_init(&s->admin, &s->loop, &s->http, &calls, 1);
}

static void build(struct server *s)
{
	struct ticker_options options = {.conninfo = s->boot->database_url,
					 .poll_interval_ms = (int)s->boot->poll_interval_ms,
					 .retention_s = (int)(s->boot->retention_ms / 1000),
					 .schema_version = migrate_program_version(),
					 .wake = s->boot->wake};
	struct ticker_calls calls = {.began = on_began,
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
				     .stopping = on_stopping,
				     .ctx = s};

	router_init(&s->router, (size_t)s->boot->log_size);
	options.data_max = router_data_max(&s->router);
	s->router.sealer.seal = seal_text;
	s->router.sealer.now_ms = clock_wall_ms;
	s->router.sealer.ctx = s;
	gzip_init(&s->gzip);
	s->router.packer.pack = gzip_pack;
	s->router.packer.ctx = &s->gzip;
	ticker_init(&s->ticker, &s->loop, &options, &calls);
	replay_init(&s->replay, &s->loop, s->boot->database_url, options.data_max);
	asker_init(&s->asker, &s->loop, s->boot->database_url);
	snapshots_init(&s->snapshots, &s->loop, s->boot->database_url, options.data_max);
	replay_go_with(&s->replay, &s->ticker.conn);
	asker_go_with(&s->asker, &s->ticker.conn);
	snapshots_go_with(&s->snapshots, &s->ticker.conn);
	build_gate(s);
	build_ports(s);
	s->providers = (struct providers){.loop = &s->loop, .concluded = on_keys, .ctx = s};
	providers_open(&s->providers);
	keyfile_init(&s->keyfile, &s->loop, on_key_file, s);
	timer_init(&s->drain, on_drain_over);
}

static bool start(struct server *s)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

	if (!loop_take_signals(&s->loop, signals, ARRAY_SIZE(signals), on_signal, s) ||
	    !door_bind(&s->httpd.door, s->boot->listen))
		return false;
	if (s->boot->admin_listen != NULL &&
	    (!door_bind(&s->admin.door, s->boot->admin_listen) || !httpd_serve(&s->admin)))
		return false;
	use_key_sources(s);
	ticker_start(&s->ticker);
	return true;
}

/*
 * One turn. First the sockets and timers, then every touched subscriber once. At last, what was
 * closed is freed.
 */
static void turn(struct server *s)
{
	loop_turn(&s->loop, list_empty(&s->router.touched) ? -1 : 0);
	if (s->router.holed)
		outlets_close_holed(&s->outlets);
	s->status.shut = door_is_shut(&s->httpd.door);
	s->status.shuts = s->httpd.door.shut_count;
	s->status.ticks = s->ticker.ticks;
	s->status.queue_millionths = s->ticker.queue_millionths;
	s->status.unreadable = s->ticker.unreadable;
	s->status.owed_ms = ticker_owes_since(&s->ticker);
	s->status.pages = s->replay.pages;
	outlets_flush(&s->outlets);
	keeper_reap(&s->gate);
	router_free_gone(&s->router);
}

static void tear_down(struct server *s)
{
	httpd_release(&s->httpd);
	httpd_release(&s->admin);
	keeper_close(&s->gate);
	providers_close(&s->providers);
	keyfile_release(&s->keyfile);
	outlets_release(&s->outlets);
	replay_release(&s->replay);
	asker_release(&s->asker);
	snapshots_release(&s->snapshots);
	ticker_release(&s->ticker);
	router_release(&s->router);
	gzip_release(&s->gzip);
	loop_stop_timer(&s->loop, &s->drain);
	loop_close(&s->loop);
	if (s->config != s->boot)
		free_config(s->config);
	free_config(s->boot);
}

int server_run(struct config *config, server_reload_fn *reload_fn, void *ctx)
{
	struct server *s = xcalloc(1, sizeof(*s));
	int exit_status;

	xalloc_give_back_large();
	s->boot = config;
	s->reload = reload_fn;
	s->reload_ctx = ctx;
	use_config(s, config);
	if (!loop_open(&s->loop))
		die(EXIT_FAILED, "cannot make the event loop");
	build(s);
	if (!start(s))
		stop(s, EXIT_FAILED);
	while (!s->stopped && !is_drained(s))
		turn(s);
	exit_status = s->exit_status;
	tear_down(s);
	free(s);
	return exit_status;
}
