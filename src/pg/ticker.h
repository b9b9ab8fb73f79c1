/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticker.h: follows the change log.
 *
 * The ticker wakes at the doorbell. It makes ticks if it is the one instance that has the role. It
 * reads what ticks hold in the total order, and hands each event on once. It also keeps the
 * definitions of streams and actions fresh, and prunes what is older than the retention. At its
 * safety poll it asks herald whether a topic's tables and rules have changed. That becomes a
 * `schema` event.
 *
 * Correctness never depends on the role. herald.tick() is serialised in the database, and every
 * instance may call it. The role only saves work. It is a lock that anybody in the database can
 * take.
 *
 * An instance without the role reads when it hears a tick. It tries for the role and makes a tick
 * itself in two cases:
 * - It hears the doorbell or a tick, and no tick follows within TICKER_SUSPECT_MS.
 * - The safety poll comes round.
 *
 * That is one tick more than needed at the end of each burst. So a ticker that dies or freezes
 * while nobody rings is missed at once.
 *
 * A change that the server cannot hand out stops nobody. A read that fails is repeated for one
 * change alone. If that fails too, the read goes on without this change's data. The change is told
 * as `bulk`, and noted in the database for all other instances.
 *
 * Every TICKER_CARE_MS the ticker checks that the schema is still the one it knows. It also checks
 * that the server is not about to stop. A server may wait for its clients to leave (pg_ctl stop -m
 * smart), but does not tell them.
 *
 * A pooler may lend sessions for a transaction at a time. Then there is no role, no doorbell and
 * nothing to hear. The ticker looks, and makes a tick, every TICKER_POOLED_MS. Nothing of it stays
 * with the pool.
 *
 * A database may follow another one's log, as a hot standby or as a subscriber of logical
 * replication. Then no tick is made and nothing rings. The ticker looks for ticks every
 * TICKER_FOLLOW_MS. When the database no longer follows, the ticker connects again and is an
 * instance like any other.
 *
 * The caller owns conninfo and the context of the callbacks. Times are milliseconds, the retention
 * seconds.
 */
#ifndef PG_TICKER_H
#define PG_TICKER_H

#include "base/histogram.h"
#include "hub/event.h"
#include "pg/conn.h"
#include "pg/decode.h"
#include "pg/defs.h"
#include "pg/proof.h"
#include "pg/session.h"
#include "pg/wake.h"

#define TICKER_SUSPECT_MS 300
#define TICKER_FOLLOW_MS 50
#define TICKER_CARE_MS 2000
#define TICKER_POOLED_MS 100
#define TICKER_PROBE_MS 5000
/* After this many ticks made without the role, this instance prunes too. */
#define TICKER_STAND_INS 10
/* How often it looks for what it had read and does not find, 10 s in all. Then that is taken for
 * lost. */
#define TICKER_EARLY_MOST 200

/* Notifications that ask for a look of one kind. Anybody can send them. They are answered at once,
 * or when the ration of vain looks allows it. */
struct ticker_bell {
	struct wake_ration ration;
	struct timer timer;
	bool rung;   /* a look is wanted for it */
	bool answer; /* the look that runs, or ran last, is for it */
};

struct ticker_calls {
	/* Follows the log from this cursor on. If lost is not NULL, what was delivered before
	 * cannot be continued, for this reason. */
	void (*began)(void *ctx, struct cursor head, const char *lost);
	void (*event)(void *ctx, const struct event *event);
	/* True if the receivers of events must have a turn before more come. */
	bool (*enough)(void *ctx);
	/* Everything up to here has been handed on. */
	void (*reached)(void *ctx, struct cursor head);
	void (*streams)(void *ctx, struct stream_def *defs, size_t count); /* takes the defs over */
	/* Takes the defs over too. Comes before the streams. */
	void (*actions)(void *ctx, struct action_def *defs, size_t count);
	/* Called for each of all revocations, as JSON. */
	void (*revoked)(void *ctx, struct text row);
	void (*revoked_all)(void *ctx); /* that was the last revocation */
	/* The database can be asked, or no longer can. */
	void (*available)(void *ctx, bool available);
	/* The database does not fit. The schema is not this program's, and 0 means there is none.
	 * Or the encoding does not become UTF-8, and NULL means it does. */
	void (*misfit)(void *ctx, int schema_version, const char *encoding);
	/* A pooler shares our sessions with others. Comes before anything is asked for other
	 * rooms. */
	void (*pooled)(void *ctx);
	/* It is time to look at what DDL has changed. One instance is told so. */
	void (*look)(void *ctx);
	/* The server waits for its clients to leave. */
	void (*stopping)(void *ctx, const char *why);
	void *ctx;
};

struct ticker_options {
	const char *conninfo;
	int poll_interval_ms;
	int retention_s;
	int schema_version; /* that this program needs */
	enum wake_mode wake;
	size_t data_max; /* bytes of one event; longer data is not read */
};

/* How the log is read. First as it comes. If that has failed, one change at a time. If that has
 * failed too, without the change's data. */
enum ticker_pace { TICKER_AS_IT_COMES, TICKER_ONE_BY_ONE, TICKER_WITHOUT_DATA };

/* A new connection begins with what proves it and begins the session. ATTACH and HEAD follow. Of
 * the other steps that are wished, the first one here runs first (ticker_steps.h). */
enum ticker_step {
	TICKER_ATTACH,
	TICKER_HEAD,
	TICKER_CARE,
	TICKER_SAME,
	TICKER_MODE,
	TICKER_REVOKED, /* before the door opens, and before more is read */
	TICKER_STREAMS,
	TICKER_ACTIONS,
	TICKER_LISTEN, /* before the role, whose SINCE must come after it */
	TICKER_ROLE,
	TICKER_RISE,
	TICKER_DOZE,
	TICKER_SINCE,
	TICKER_SETTLED,
	TICKER_PASS_BY, /* before more is read, because there is room for one */
	TICKER_READ,    /* before the next tick, because a steady doorbell always wishes one */
	TICKER_PRUNE,
	TICKER_TICK,
	TICKER_STATEMENTS,
	TICKER_PROOF = TICKER_STATEMENTS,
	TICKER_BEGIN,
	TICKER_REST,
};

struct ticker {
	struct conn conn;
	struct loop *loop;
	struct ticker_options options;
	struct ticker_calls calls;
	enum ticker_step step;
	struct session session;
	struct session_statement statements[TICKER_STATEMENTS];
	struct proof proof; /* whether the session is our own */
	bool proved;        /* the proof has ended with a verdict */
	/* How often the connection was lost during the proof. A role's idle_session_timeout may be
	 * too short for it. */
	int unproved;
	bool astray;   /* another server process than the session's has answered */
	bool misfit;   /* a misfit was told, and is there still */
	bool stopping; /* the server is about to stop */
	/* SQL cannot tell whether it is. Then a new connection is tried now and then. */
	bool blind;
	struct conn probe; /* the connection that is tried */
	int64_t probed_ms;
	/* Up to here events have been handed on. Tick 0 means nothing is known yet. */
	struct cursor at;
	bool whole; /* no more of that tick is to come */
	enum ticker_pace pace;
	size_t rows; /* of the running read */
	/* A change that could not be read and is still to be noted. Tick 0 means none. */
	struct cursor vain;
	char vain_reason[200];
	char *lost; /* why `at` cannot be continued */
	/* The database does not have `at` yet, or not all of the log up to there. */
	bool early;
	int early_looks; /* how often the log had arrived, but `at` was not in it */
	/* The session before had no answer to a query. The log can be followed only when this one
	 * has had an answer. */
	bool doubt_tick, doubt_read;
	/* Since the last event, the database has said that `at` is in the log, or what to do. */
	bool at_proved;
	/* Ids have jumped after an `at` that was not proved. The log may have been emptied by
	 * hand. */
	bool anew;
	bool follows; /* the database has another one's log */
	bool same;    /* SAME has answered that it still does, or does not, as before */
	bool looks;   /* a look at DDL is wished, by whom makes ticks */
	bool listens; /* has the lock that tells writers so */
	bool leader;  /* has the role */
	/* Ticks made without the role since the last pruning. Many of them mean that no instance
	 * with the role makes any. */
	int stood_in;
	uint32_t wishes; /* a bit for each step, such as 1 << TICKER_HEAD */
	struct wake wake;
	char *since; /* a transaction id, drawn after the lock was given up */
	bool settled;
	bool found;                                 /* the last look made a tick */
	bool read_any;                              /* the last reading found a change */
	struct ticker_bell door, tick, definitions; /* for herald, herald_tick, herald_streams */
	int64_t looked_ms, looked_us;               /* when the last look began */
	int64_t heard_ms; /* when a tick of another instance was last heard of */
	struct defs defs;
	struct timer poll, look, suspect, prune, care;
	struct decode decode;
	uint64_t ticks, unreadable; /* made by this instance; told as `bulk`; for metrics */
	struct histogram tick_times;
	/* Since when changes were known of that are handed on, and may not be sent yet. 0: none. */
	int64_t handed_ms;
	int queue_millionths; /* used part of the server's queue of notifications, for metrics */
	/*
	 * Since when something is owed, or 0. Each member is the beginning of one kind:
	 * - rung_ms: a doorbell without a look;
	 * - look_ms: a look;
	 * - told_ms: a tick that was heard of and is not being read;
	 * - read_ms: a read.
	 */
	struct ticker_debt {
		int64_t rung_ms, look_ms, told_ms, read_ms;
	} debt;
};

/* Copies options and calls. conninfo stays the caller's. */
void ticker_init(struct ticker *t, struct loop *loop, const struct ticker_options *options,
		 const struct ticker_calls *calls);
void ticker_start(struct ticker *t);
void ticker_want_revocations(struct ticker *t); /* reads them again */
void ticker_release(struct ticker *t);

/* Returns since when something is to be handed on. 0 if the ticker knows of nothing. */
int64_t ticker_owes_since(const struct ticker *t);

#endif
