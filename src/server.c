/* SPDX-License-Identifier: PostgreSQL */
#include "server.h"

#include <signal.h>
#include <stdlib.h>

#include "base/activation.h"
#include "base/clock.h"
#include "base/crew.h"
#include "base/supervisor.h"
#include "base/xalloc.h"
#include "pg/migrate.h"
#include "outlet/seal.h"
#include "gate/keeper.h"
#include "exit.h"
#include "server_parts.h"

/* --- what rooms ask of each other --- */

static bool on_unknown_key(void *ctx, const char *issuer)
{
	return providers_ask(&((struct server *)ctx)->providers, issuer);
}

static void append_provider_metrics(void *ctx, int64_t now_ms, struct buf *out)
{
	providers_append_metrics(&((struct server *)ctx)->providers, now_ms, out);
}

static int64_t lag_ms(void *ctx)
{
	struct server *s = ctx;

	return status_lag_ms(&s->status, s->loop.now_ms);
}

static char **command_environment(void *ctx)
{
	return config_environment(((struct server *)ctx)->config);
}

static bool seal_text(void *ctx, struct text plain, struct buf *out)
{
	struct server *s = ctx;

	return s->config->seal != NULL && seal_append(s->config->seal, plain, out);
}

/* --- signals --- */

static void reload(struct server *s)
{
	if (s->serving)
		supervisor_reloading();
	server_reload(s);
	if (s->serving)
		supervisor_ready();
	crew_say_reloaded(s->crew);
}

static void on_tell(struct timer *t)
{
	struct server *s = container_of(t, struct server, tell);

	status_tell_crew(&s->status, s->loop.now_ms);
	loop_set_timer(&s->loop, t, CREW_SAY_EVERY_MS);
}

static void on_watchdog(struct timer *t)
{
	struct server *s = container_of(t, struct server, watchdog);
	int64_t every_ms = supervisor_watchdog_ms();

	if (every_ms == 0)
		return;
	supervisor_alive();
	loop_set_timer(&s->loop, t, every_ms);
}

static void on_signal(void *ctx, int signo)
{
	struct server *s = ctx;

	if (signo == SIGHUP)
		reload(s);
	else
		server_leave(s, signo);
}

/* --- life --- */

static void build_gate(struct server *s)
{
	s->outlets = (struct outlets){.loop = &s->loop,
				      .router = &s->router,
				      .options = &s->http,
				      .crew = s->crew,
				      .refusals = &s->gate.refusals,
				      .catchup = replay_ops(&s->replay),
				      .questions = asker_ops(&s->asker),
				      .snapshots = snapshots_ops(&s->snapshots),
				      .lag_ms = lag_ms,
				      .lag_ctx = s};
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
				    .crew = s->crew,
				    .version = PGHERALD_VERSION,
				    .library = httpd_library(),
				    .started_ms = s->loop.now_ms,
				    .started_wall_ms = clock_wall_ms(),
				    .lost_ms = s->loop.now_ms,
				    .delivery = &s->delivery,
				    .tick = &s->ticker.tick_times,
				    .authorize = &s->asker.pools[ASKER_AUTHORIZE].times,
				    .action = &s->asker.pools[ASKER_ACTIONS].times,
				    .append_more = append_provider_metrics,
				    .ctx = s};
	s->console.gate = &s->gate;
	s->console.status = &s->status;
	s->console.tools = (struct tools){.environment = command_environment, .ctx = s};
	s->routes = (struct routes){&s->gate, &s->status, &s->http, {.ctx = NULL}};
	s->admin_routes = (struct routes){NULL, &s->status, &s->http, console_calls(&s->console)};
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
	struct ticker_calls calls = server_inlet_calls(s);

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
	look_init(&s->look, &s->loop, asker_ops(&s->asker));
	snapshots_init(&s->snapshots, &s->loop, s->boot->database_url, options.data_max);
	replay_go_with(&s->replay, &s->ticker.conn);
	asker_go_with(&s->asker, &s->ticker.conn);
	snapshots_go_with(&s->snapshots, &s->ticker.conn);
	build_gate(s);
	build_ports(s);
	s->providers = (struct providers){.loop = &s->loop, .concluded = server_on_keys, .ctx = s};
	providers_open(&s->providers);
	keyfile_init(&s->keyfile, &s->loop, server_on_key_file, s);
	timer_init(&s->tell, on_tell);
	server_memory_init(s);
	timer_init(&s->watchdog, on_watchdog);
	server_leave_init(s);
}

/* An address that is written in another way would listen beside the socket, or fail. */
static void say_unused_sockets(const struct server *s)
{
	size_t used = s->httpd.door.listening.handed + s->admin.door.listening.handed;

	if (crew_number(s->crew) == 0 && activation_count() > used)
		log_warn("of %zu sockets that the service manager has handed over %zu are not "
			 "used: listen and admin-listen must have their addresses",
			 activation_count(), activation_count() - used);
}

static bool start(struct server *s)
{
	/* The last one is from a worker's parent, at the second SIGTERM. */
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
	int count = (int)ARRAY_SIZE(signals) - (s->crew == NULL);

	s->httpd.door.listening.shared = s->crew != NULL;
	if (!loop_take_signals(&s->loop, signals, count, on_signal, s) ||
	    !listening_bind(&s->httpd.door.listening, s->boot->listen))
		return false;
	if (s->boot->admin_listen != NULL && crew_number(s->crew) == 0 &&
	    (!listening_bind(&s->admin.door.listening, s->boot->admin_listen) ||
	     !httpd_serve(&s->admin)))
		return false;
	server_use_key_sources(s);
	ticker_start(&s->ticker);
	say_unused_sockets(s);
	if (s->crew != NULL)
		on_tell(&s->tell);
	else
		on_watchdog(&s->watchdog);
	return true;
}

/* The change log may be followed while no other session can be had. */
static void look_for_sessions(struct server *s)
{
	bool stuck = replay_is_stuck(&s->replay) || asker_is_stuck(&s->asker) ||
		     snapshots_are_stuck(&s->snapshots);

	if (!stuck || !s->status.available) {
		s->status.stuck_ms = 0;
		s->said_stuck = false;
		return;
	}
	if (s->status.stuck_ms == 0)
		s->status.stuck_ms = s->loop.now_ms;
	if (s->loop.now_ms - s->status.stuck_ms < STATUS_LATE_MS || s->said_stuck)
		return;
	s->said_stuck = true;
	log_warn(
		"[STREAM JOB] what clients ask the database for waits for a session that cannot be "
		"had: give the daemon's pool, role or database more connections (24 an instance)");
}

/* What was handed on in this turn has been written, as far as clients take it. */
static void note_delivery(struct server *s)
{
	if (s->ticker.handed_ms == 0)
		return;
	histogram_add(&s->delivery, clock_mono_us() - s->ticker.handed_ms * 1000);
	s->ticker.handed_ms = 0;
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
	s->status.ready_grace_ms = s->config->ready_grace_ms;
	s->status.shut = door_is_shut(&s->httpd.door);
	s->status.shuts = s->httpd.door.shut_count;
	s->status.ticks = s->ticker.ticks;
	s->status.queue_millionths = s->ticker.queue_millionths;
	s->status.unreadable = s->ticker.unreadable;
	s->status.owed_ms = ticker_owes_since(&s->ticker);
	look_for_sessions(s);
	s->status.pages = s->replay.pages;
	outlets_flush(&s->outlets);
	note_delivery(s);
	keeper_reap(&s->gate);
	server_memory_look(s);
	catalog_free_gone(&s->router.catalog);
}

static void tear_down(struct server *s)
{
	httpd_release(&s->httpd);
	httpd_release(&s->admin);
	keeper_close(&s->gate);
	console_release(&s->console);
	providers_close(&s->providers);
	keyfile_release(&s->keyfile);
	outlets_release(&s->outlets);
	replay_release(&s->replay);
	look_release(&s->look);
	asker_release(&s->asker);
	snapshots_release(&s->snapshots);
	ticker_release(&s->ticker);
	router_release(&s->router);
	gzip_release(&s->gzip);
	loop_stop_timer(&s->loop, &s->tell);
	loop_stop_timer(&s->loop, &s->memory);
	loop_stop_timer(&s->loop, &s->watchdog);
	server_leave_release(s);
	loop_close(&s->loop);
	if (s->config != s->boot)
		server_free_config(s->config);
	server_free_config(s->boot);
}

int server_run(struct config *config, server_reload_fn *reload_fn, void *ctx, struct crew *crew)
{
	struct server *s = xcalloc(1, sizeof(*s));
	int exit_status;

	xalloc_give_back_large();
	s->boot = config;
	s->reload = reload_fn;
	s->reload_ctx = ctx;
	s->crew = crew;
	server_use_config(s, config);
	if (!loop_open(&s->loop))
		die(EXIT_FAILED, "cannot make the event loop");
	build(s);
	if (!start(s))
		server_stop(s, EXIT_FAILED);
	while (!s->stopped && !server_is_drained(s))
		turn(s);
	exit_status = s->exit_status;
	tear_down(s);
	free(s);
	return exit_status;
}
