/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticker.h: follows the change log. Wakes at the doorbell, makes ticks when it is the one instance
 * that has the role, reads what ticks hold in the total order, and hands each event on once. Also
 * keeps the streams' definitions fresh and forgets what is older than the retention. At its safety
 * poll it has herald look whether a topic's tables and rules have changed, which becomes a `schema`
 * event.
 *
 * Correctness never hangs on the role: herald.tick() is serialised in the database, and every
 * instance may call it. The role only saves work, and is a lock that anybody in the database can
 * take. An instance without it reads when it hears a tick. When it hears the doorbell, or a tick,
 * and no tick follows within TICKER_SUSPECT_MS, or the safety poll comes round, it tries for the
 * role and ticks: once more than needed at the end of each burst, so that a ticker that dies or
 * freezes while nobody rings is missed at once.
 *
 * A change that the server cannot hand out stops nobody: a read that fails twice at one place, the
 * second time of one change alone, goes on without that one's data, which is told as `bulk`, and
 * noted in the database for everybody else.
 *
 * Every TICKER_CARE_MS it makes sure that the schema is still the one it knows, and that the server
 * is not about to stop: that waits for its clients (pg_ctl stop -m smart), but tells them nothing.
 *
 * Behind a pooler that lends sessions for a transaction at a time there is no role, no doorbell and
 * nothing to hear: it looks, and ticks, every TICKER_POOLED_MS. Nothing stays with the pool.
 *
 * On a database that follows another one's log, a hot standby or a subscriber by logical
 * replication, no tick is made and nothing rings: it looks for ticks every TICKER_FOLLOW_MS. When
 * the database follows no more it connects anew and is an instance like any other.
 */
#ifndef PG_TICKER_H
#define PG_TICKER_H

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
#define TICKER_STAND_INS 10 /* ticks made in the ticker's place; then this instance prunes too */
/* looks, 10 s in all, for what had been read and is not there; then it is taken for lost */
#define TICKER_EARLY_MOST 200

/* Notifications that ask for a look of one kind, which anybody can send: answered at once, or when
 * the ration of vain looks allows it. */
struct ticker_bell {
	struct wake_ration ration;
	struct timer timer;
	bool rung;   /* a look is wanted for it */
	bool answer; /* the look that runs, or ran last, is for it */
};

struct ticker_calls {
	/* Follows the log from this cursor on; lost: what was delivered before cannot be continued,
	 * for this reason. */
	void (*began)(void *ctx, struct cursor head, const char *lost);
	void (*event)(void *ctx, const struct event *event);
	/* who is to get them must have a turn before more events */
	bool (*enough)(void *ctx);
	/* everything up to here has been handed on */
	void (*reached)(void *ctx, struct cursor head);
	void (*streams)(void *ctx, struct stream_def *defs, size_t count); /* takes the defs over */
	/* likewise; before the streams */
	void (*actions)(void *ctx, struct action_def *defs, size_t count);
	/* all revocations, one after the other, as JSON ... */
	void (*revoked)(void *ctx, struct text row);
	void (*revoked_all)(void *ctx); /* ... and that was the last one */
	/* the database can be asked, or not any more */
	void (*available)(void *ctx, bool available);
	/* The schema is not this program's, 0: there is none; or the database is of an encoding
	 * that does not become UTF-8, NULL: it does. */
	void (*misfit)(void *ctx, int schema_version, const char *encoding);
	/* a pooler shares our sessions with others; before anything is asked of other rooms */
	void (*pooled)(void *ctx);
	/* the server waits for its clients to leave */
	void (*stopping)(void *ctx, const char *why);
	void *ctx;
};

struct ticker_options {
	const char *conninfo;
	int poll_interval_ms;
	int retention_s;
	int schema_version; /* that this program needs */
	enum wake_mode wake;
	size_t data_max; /* of one event; longer data is not read */
};

/* How the log is read: as it comes; where that has failed one change at a time; where that has
 * failed too without the change's data. */
enum ticker_pace { TICKER_AS_IT_COMES, TICKER_ONE_BY_ONE, TICKER_WITHOUT_DATA };

/* Once a connection comes what proves it and begins the session, then ATTACH and HEAD. Of the
 * others that are wished the first one here comes first (ticker_steps.h). */
enum ticker_step {
	TICKER_ATTACH,
	TICKER_HEAD,
	TICKER_CARE,
	TICKER_SAME,
	TICKER_MODE,
	TICKER_REVOKED, /* before the door opens, and before anything is read on */
	TICKER_STREAMS,
	TICKER_ACTIONS,
	TICKER_ROLE,
	TICKER_RISE,
	TICKER_DOZE,
	TICKER_SINCE,
	TICKER_SETTLED,
	TICKER_PASS_BY, /* before it is read on: there is room for one */
	TICKER_READ,    /* before the next tick: a steady doorbell always wishes one */
	TICKER_SHAPES,
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
	struct proof proof; /* that it is our own ... */
	bool proved;        /* ... or not; it has ended with a verdict */
	/* so often it was lost meanwhile: a role's idle_session_timeout may be too short for it */
	int unproved;
	bool astray;   /* another server process than the session's has answered */
	bool misfit;   /* the schema's was told of, and is there still */
	bool stopping; /* the server is about to stop */
	/* ... and SQL cannot tell: then a new connection is tried now and then */
	bool blind;
	struct conn probe; /* this one */
	int64_t probed_ms;
	/* up to here events have been handed on; tick 0: nothing is known yet */
	struct cursor at;
	bool whole; /* ... and no more of that tick is to come */
	enum ticker_pace pace;
	size_t rows; /* of the running read */
	/* a change that could not be read; tick 0: none that is still to be noted */
	struct cursor vain;
	char vain_reason[200];
	char *lost; /* why `at` cannot be continued */
	/* the database does not have `at` yet, or not all of the log up to there */
	bool early;
	int early_looks; /* so often the log had arrived, but `at` was not in it */
	/* the session before had no answer to a query: the log can be followed when this one has
	 * had */
	bool doubt_tick, doubt_read;
	/* the database has said of `at`, since the last event, that it is in the log, or what is to
	 * be done */
	bool at_proved;
	/* ids have jumped behind an `at` that was not: the log was emptied by hand, say */
	bool anew;
	bool follows; /* the database has another one's log */
	bool same;    /* ... or not, as before */
	bool leader;  /* has the role */
	/* ticks made without it since the last pruning: nobody who has it makes any */
	int stood_in;
	uint32_t wishes; /* a bit a step, 1 << TICKER_HEAD and so on */
	struct wake wake;
	char *since; /* a transaction id that was drawn when the lock had been given up */
	bool settled;
	bool found;                                 /* the last look made a tick */
	bool read_any;                              /* the last reading found a change */
	struct ticker_bell door, tick, definitions; /* herald, herald_tick, herald_streams */
	int64_t looked_ms;                          /* when it began */
	int64_t heard_ms; /* when the last tick of another instance was heard of */
	struct defs defs;
	struct timer poll, look, suspect, prune, care;
	struct decode decode;
	uint64_t ticks, unreadable; /* made by this instance; told as `bulk`; for metrics */
	int queue_millionths; /* of the server's queue of notifications are used, for metrics */
	/* Since when something is owed, 0: not: a doorbell without a look; a look; a tick that was
	 * heard of and is not being read; the read. */
	struct ticker_debt {
		int64_t rung_ms, look_ms, told_ms, read_ms;
	} debt;
};

void ticker_init(struct ticker *t, struct loop *loop, const struct ticker_options *options,
		 const struct ticker_calls *calls); /* copies both; conninfo stays the caller's */
void ticker_start(struct ticker *t);
void ticker_want_revocations(struct ticker *t); /* reads them anew */
void ticker_release(struct ticker *t);

/* Since when there is something to be handed on that has not been; 0: there is nothing, as far as
 * it knows. */
int64_t ticker_owes_since(const struct ticker *t);

#endif
